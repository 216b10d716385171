// The pages beside the inbox: entries of the log, cases, help.

import {h, number, plural, verdictTag, levelTag, moment, full, time, spaced, sentenceCase, verdictWord, VERDICTS, levelWord, dutyWord, say} from './dom.js';
import {link, go, post} from './state.js';
import {exportLinks} from './inbox.js';
import {timeline} from './detail.js';

const filterWords = state => [
  state.src && state.dst && `from ${state.src} to ${state.dst}`, state.edge && `edge ${state.edge}`,
  state.verdict && state.verdict.split(',').map(verdict => verdictWord[verdict]?.toLowerCase()).join(' or '),
  state.level && `level ${state.level}`,
].filter(Boolean).join(', ');

export function events(data, state) {
  const words = filterWords(state);
  return h('section', {class: 'panel wide', 'aria-labelledby': 'events-title'},
    h('header', {}, h('h1', {id: 'events-title'}, 'Entries of the log'), h('span', {class: 'sub'}, words || 'newest first'),
      words && h('a', {class: 'button', href: link({src: '', dst: '', edge: '', verdict: '', level: '', before: ''})}, 'Show all'),
      exportLinks('/events')),
    data.events.length === 0 ? h('p', {class: 'empty'}, `None among the ${number(data.looked_at)} entries that were looked at.`)
      : h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Entries'}, h('table', {},
        h('thead', {}, h('tr', {}, ['Entry', 'When (UTC)', 'What', 'From', 'To', 'Verdict', 'Level', 'Alert'].map(name => h('th', {scope: 'col'}, name)))),
        h('tbody', {}, data.events.map(event => h('tr', {},
          h('td', {class: 'n'}, h('a', {href: link({before: ''}, `/events/${event.id}`)}, number(Number(event.id)))),
          h('td', {}, time(event.ts, moment(event.ts))),
          h('td', {}, `${sentenceCase(event.kind)} ${spaced(event.action)}`),
          h('td', {}, sentenceCase(event.src_name ?? event.src ?? '')), h('td', {}, sentenceCase(event.dst_name ?? event.dst ?? '')),
          h('td', {}, event.verdict ? verdictTag(event.verdict) : h('span', {class: 'dim'}, 'moves nothing')),
          h('td', {}, event.verdict ? levelTag(event.level) : ''),
          h('td', {class: 'n'}, Number(event.alert) ? h('a', {href: `/alerts/${event.alert}`}, number(Number(event.alert))) : '')))))),
    data.next && h('p', {}, h('a', {class: 'button', href: link({before: data.next})}, 'Earlier entries')));
}

export function event(data) {
  let payload = data.payload;
  if (payload === '') payload = 'Deleted on purpose, after its period of retention or on request. The entry and its proofs stand.';
  else try { payload = JSON.stringify(JSON.parse(data.payload), null, 2); } catch { /* shown as it is */ }
  const fact = (name, ...value) => [h('dt', {}, name), h('dd', {}, value)];
  return h('section', {class: 'panel wide', 'aria-labelledby': 'event-title'},
    h('header', {}, h('h1', {id: 'event-title'}, `Entry ${number(Number(data.id))}`), h('span', {class: 'sub'}, `${spaced(data.kind)} ${spaced(data.action)}`)),
    h('dl', {class: 'facts'},
      fact('Happened', time(data.ts, full(data.ts))), fact('Sender learned', time(data.recorded, full(data.recorded))), fact('Logged', time(data.logged, full(data.logged))),
      fact('Source', data.source), fact('Its id', data.event_id), fact('Sequence', data.sequence ? number(data.sequence) : 'none stamped'),
      fact('Digest', h('code', {}, data.digest)), fact('Free text', data.scrubbed ? 'scrubbed before it was stored' : 'as received'),
      fact('Made by', data.synthetic ? 'a simulator; nobody real' : 'an agency')),
    data.path_hops.length > 0 && [h('h2', {}, 'Judgements'), h('ul', {class: 'judgements'}, data.path_hops.map(hop => h('li', {},
      verdictTag(hop.verdict), levelTag(hop.level), h('span', {}, hop.edge_name || 'no edge of the map'),
      Number(hop.alert) ? h('a', {href: `/alerts/${hop.alert}`}, `alert ${number(Number(hop.alert))}`) : null)))],
    h('h2', {}, 'Payload'), h('pre', {tabindex: 0, 'aria-label': 'Payload'}, payload));
}

export function cases(data, state, redraw) {
  const submit = async submitted => {
    submitted.preventDefault();
    const form = new FormData(submitted.target);
    try {
      await post('/api/cases', {number: form.get('number').trim(), reason: form.get('reason').trim(),
        chains: form.get('chains').split(/[\s,]+/).filter(Boolean)});
      go(`/cases/${encodeURIComponent(form.get('number').trim())}`);
    } catch (problem) { say(problem.message); redraw(); }
  };
  return h('section', {class: 'panel wide', 'aria-labelledby': 'cases-title'},
    h('header', {}, h('h1', {id: 'cases-title'}, 'Cases'), h('span', {class: 'sub'}, 'A record is only looked up within a case, and each look is recorded.'),
      data.cases.length > 0 && exportLinks('/cases', '')),
    data.cases.length > 0 && h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Cases'}, h('table', {},
      h('thead', {}, h('tr', {}, ['Number', 'Opened (UTC)', 'By', 'Reason', 'Chains', 'Read'].map(name => h('th', {scope: 'col'}, name)))),
      h('tbody', {}, data.cases.map(row => h('tr', {}, h('td', {}, h('a', {href: `/cases/${encodeURIComponent(row.number)}`}, row.number)),
        h('td', {}, time(row.opened, moment(row.opened))), h('td', {}, row.actor), h('td', {}, row.reason), h('td', {class: 'n'}, number(row.chains)),
        h('td', {class: 'n'}, plural(row.reads, 'time'))))))),
    h('form', {class: 'act open-case', onsubmit: submit}, h('h2', {}, 'Open a case'),
      h('label', {}, 'Number of the case', h('input', {name: 'number', required: true, maxlength: 63, placeholder: 'OIG-2026-031'})),
      h('label', {}, 'Reason, in a sentence', h('textarea', {name: 'reason', required: true, minlength: 10, maxlength: 1000, rows: 2})),
      h('label', {}, 'Keys of chains, as alerts show them', h('input', {name: 'chains', required: true, value: state.q, placeholder: 'vehicle:7c41… subject:20be…'})),
      h('button', {class: 'main'}, 'Open the case')));
}

export function oneCase(data, width) {
  return [h('section', {class: 'panel wide', 'aria-labelledby': 'case-title'},
    h('header', {}, h('h1', {id: 'case-title'}, `Case ${data.number}`), h('span', {class: 'sub'}, `opened by ${data.actor}, ${full(data.opened)}`)),
    h('p', {}, data.reason), h('p', {class: 'note'}, 'That you read this case was recorded just now.')),
  data.path_hops.length > 0 && timeline({...data, chain: data.number, hop: ''}, Math.min(width, 1068), 'Timeline of the case'),
  h('section', {class: 'panel wide', 'aria-labelledby': 'case-hops'}, h('h2', {id: 'case-hops'}, plural(data.path_hops.length, 'hop')),
    data.path_hops.length === 0 && h('p', {class: 'empty'}, 'The log has nothing of these chains.'),
    h('ul', {class: 'judgements'}, data.path_hops.map(hop => h('li', {}, time(hop.ts, moment(hop.ts)), verdictTag(hop.verdict), levelTag(hop.level),
      h('span', {}, `${hop.from_name || 'not named'} › ${hop.to_name || 'not named'}: ${hop.edge_name || spaced(hop.action)}`),
      hop.late ? h('span', {class: 'late'}, 'learned late') : null,
      h('a', {href: link({}, `/events/${hop.event}`)}, `entry ${number(Number(hop.event))}`)))))];
}

export function help() {
  const about = {
    PROH: 'a rule in force forbids it', REVIEW: 'facts are missing, or the law is contested: a person must decide',
    DISC: 'a local choice that the rules allow', AUTO: 'runs by itself or law demands it; nobody local chose at the time',
    FED: 'wholly inside federal or private hands; shown so that the chain is complete', NONE: 'no crossing, nothing to judge',
  };
  const levels = ['stays with local or state agencies, or is public', 'compared with a federal immigration system; no match reported',
    'an immigration unit is told that this person or vehicle was met', 'an immigration officer gets what can be acted on', 'handed over, or arrested through the flow'];
  return h('section', {class: 'panel wide help', 'aria-labelledby': 'help-title'}, h('h1', {id: 'help-title'}, 'How to read this page'),
    h('p', {}, 'Two questions are answered and never merged: how far did a record get, and did a rule in force forbid that? A record can reach an immigration system while every rule is kept, and a rule can be broken by a record that stays local.'),
    h('h2', {}, 'Verdict'), h('dl', {class: 'facts'}, VERDICTS.map(verdict => [h('dt', {}, verdictTag(verdict)), h('dd', {}, about[verdict])])),
    h('h2', {}, 'Level'), h('dl', {class: 'facts'}, levelWord.map((_, level) => [h('dt', {}, levelTag(level)), h('dd', {}, levels[level])])),
    h('h2', {}, 'The flow map'), h('p', {}, 'Columns are how far a record got; right of the dotted line are immigration systems, one column a level. Colour is the verdict. The width of a ribbon is the square root of its count, with a floor, so that three prohibited records stay visible beside six hundred automatic ones. “View as table” has the same rows with their numbers.'),
    h('h2', {}, 'Duties'), h('p', {}, `What somebody has to do about a crossing: ${Object.values(dutyWord).join(', ').toLowerCase()}.`),
    h('h2', {}, 'What the numbers mean'), h('ul', {},
      h('li', {}, 'Times are UTC. A range is counted in whole hours, back from the newest entry of the log.'),
      h('li', {}, 'An alert marked × stands for several crossings that say the same: same rule, same edge, same verdict and level.'),
      h('li', {}, 'An acknowledged daily alert opens again when its count has doubled. A new alert is always open.')),
    h('h2', {}, 'What they cannot mean'), h('ul', {},
      h('li', {}, 'A match in the federal store says nothing of anybody’s status: it holds citizens and visa holders too. No match proves nothing either.'),
      h('li', {}, 'Zero prohibited is not “none happened”: what nobody reported is not here, and what needs review is not settled. Gaps are counted in the line below.'),
      h('li', {}, 'A finding is the reading of a rule, with its law and version. It is not a judgement of a court.')),
    h('h2', {}, 'Keys'), h('p', {}, 'Press ? for all keys.'));
}
