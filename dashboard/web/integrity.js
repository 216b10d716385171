// Whether the log is whole: what `sharewatch verify` computed, in plain words, and what is missing from the log.

import {exportLinks} from './inbox.js';
import {h, number, plural, full, moment, time, span, spaced, sentenceCase} from './dom.js';

const fact = (name, ...value) => [h('dt', {}, name), h('dd', {}, value)];

function verdict(found) {
  const {result} = found;
  if (!result) return found.running ? 'Everything is being computed again…' : found.problem || 'Nothing was verified yet.';
  if (result.state === 'whole') return [h('b', {class: 'calm'}, 'Whole.'), ` Up to ${number(Number(found.entry))} of ${plural(Number(found.of), 'entry', 'entries')}, no row was changed, taken away, put in or moved since it was written.`];
  if (result.state === 'broken') return [h('b', {class: 'alarm'}, 'Not whole.'), ' Something was changed, taken away, put in or moved after it was written. Keep a copy of the file as it is, and find out who could write to it.'];
  return [h('b', {}, 'Not sealed.'), ' This log was written without a seal, so nothing can be proven of it: an edit would leave no trace.'];
}

function facts(found, data) {
  const {result} = found;
  if (!result || result.state === 'not sealed') return null;
  const checkpoint = data.checkpoints?.[0];
  return h('dl', {class: 'facts'},
    result.problem && fact('First bad place', h('b', {class: 'alarm'}, result.problem)),
    result.rows > 0 && fact('Computed again', `${plural(result.rows, 'row')} (${plural(result.events, 'event')}, ${plural(result.judgements, 'judgement')}, ${plural(result.alerts, 'alert')}) against ${plural(result.entries, 'sealed record')}, in ${span(result.seconds * 1000)}`),
    fact('Signed', checkpoint ? [`${number(checkpoint.size)} of ${plural(result.entries, 'sealed record')}, by the newest checkpoint, of `, time(checkpoint.made, full(checkpoint.made)),
      result.signer && [', key ', h('code', {}, result.signer)], result.signer_trusted === false && '; the log names this key itself, --key says whom you trust']
      : 'by nobody: the log has no checkpoint. Whoever can write the file could write all of it anew.'),
    fact('Witnessed', result.witnesses > 0 ? `by ${number(result.witnesses_agree)} of ${number(result.witnesses)}${result.witnesses_agree ? `, up to sealed record ${number(result.witnessed_entries)}` : ''}`
      : 'by nobody this dashboard knows of (--witness names files of heads that are kept elsewhere). Such a head proves that the whole file was not replaced.'),
    fact('Deleted on purpose', result.payloads_gone + result.keys_gone > 0 ? `${plural(result.payloads_gone, 'payload')} and ${plural(result.keys_gone, 'key')} of chains; their proofs stand, see below` : 'nothing'),
    result.origin && fact('Name of the log', h('code', {}, result.origin)),
    result.rows > 0 && fact('Root of the tree', h('code', {}, result.root)));
}

function meaning() {
  return h('section', {class: 'panel wide', 'aria-labelledby': 'proof-title'}, h('h2', {id: 'proof-title'}, 'What is proven, and what is not'),
    h('div', {class: 'halves'},
      h('div', {}, h('h3', {}, 'Proven, when the log is whole'), h('ul', {},
        h('li', {}, 'Every event, judgement, finding and alert is as it was written, in the order in which it was written.'),
        h('li', {}, 'The counts on the pages follow from these rows.'),
        h('li', {}, 'What was deleted was deleted by an act that the log itself tells of.'))),
      h('div', {}, h('h3', {}, 'Not proven'), h('ul', {},
        h('li', {}, 'That what an agency reported is true, or that it reported all.'),
        h('li', {}, 'That a rule was read rightly: the seal keeps the reading, not its correctness.'),
        h('li', {}, 'Without a checkpoint kept elsewhere: that the whole log was not written anew by whoever holds its machine and key.')))));
}

const list = ({title, id, heads, rows, note, what}) => h('section', {class: 'panel wide', 'aria-labelledby': id}, h('header', {}, h('h2', {id}, title), what && exportLinks('/integrity', `?what=${what}`, false)),
  h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}, as a table`}, h('table', {},
    h('thead', {}, h('tr', {}, heads.map(name => h('th', {scope: 'col'}, name || h('span', {class: 'hidden'}, 'State'))))),
    h('tbody', {}, rows.map(row => h('tr', {}, row.map(cell => h('td', {}, cell))))))),
  note && h('p', {class: 'note'}, note));

const range = gap => gap.first === gap.last ? number(gap.first) : `${number(gap.first)} to ${number(gap.last)}`;

// Silence is measured against the newest report of all, not against our clock: a simulation has its own.
const silentNote = data => `Told by ${Number(data.read_from) > 1 ? `the newest ${number(Number(data.read_to) - Number(data.read_from) + 1)} entries` : 'all entries'}, up to ${data.newest_recorded ? full(data.newest_recorded) : 'now'}. A source that sent fewer than five says nothing of what is usual, and one that ended in order is silent too.`;

const lossWord = {
  chains_evicted: 'Chains forgotten for want of room: a later step of them begins a new one', sources_refused: 'Sources whose numbers are not followed',
  holes_merged: 'Holes in numbers counted as one', daily_evicted: 'Daily alerts begun anew for want of room', cuts_evicted: 'Switched-off edges forgotten',
  correlation_groups_evicted: 'Groups of correlations given up for want of room', correlation_values_dropped: 'Values of sums dropped',
  regex_limits_exceeded: 'Patterns that ran into their limit: no match', values_refused: 'Values that were not looked at', findings_left_out: 'Findings beyond what one judgement holds',
  parents_missing: 'Corrections of entries that the log does not have', causes_missing: 'Judgements whose cause the log does not have', spool_damaged: 'Packets damaged on their way to the log',
};

// What there is something of has a table; the rest is said in a line each.
function missing(data) {
  const late = data.sources.filter(source => source.highest > source.contiguous);
  const table = (title, id, heads, rows, none, note) => ({title, id, heads, rows, none, note, what: {'gaps-title': 'gaps', 'losses-title': 'losses', 'refused-title': 'refused', 'redactions-title': 'deletions', 'readers-title': 'reads'}[id]});
  const parts = [
    table('Numbers that never came', 'gaps-title', ['Source', 'Numbers', 'Noticed (UTC)', ''], data.gaps.map(gap => [gap.source, range(gap), time(gap.opened, moment(gap.opened)), gap.filled ? 'came after all' : h('b', {class: 'alarm'}, 'missing')]),
      `None. Each source numbers what it sends: ${plural(data.sources.length, 'source')}, ${late.length ? `${number(late.length)} with a hole that may still be filled` : 'all without a hole'}.`),
    table('Silent for longer than usual', 'silent-title', ['Source', 'Last heard of (UTC)', 'Silent for', 'Longest before', 'Usually every'], data.silent.map(source => [source.source,
      source.last ? time(source.last, moment(source.last)) : `before entry ${number(Number(data.read_from))}`, h('b', {}, span(source.silent)),
      source.longest ? span(source.longest) : '', source.mean ? span(source.mean) : '']),
      `${data.read_to === data.entry ? 'No source' : 'No source so far'} is silent for longer than it ever was before. ${silentNote(data)}`, silentNote(data)),
    table('Losses', 'losses-title', ['What', 'How many', 'When (UTC)', 'Run'], data.losses.map(loss => [lossWord[loss.what] ?? sentenceCase(spaced(loss.what)), number(loss.total), time(loss.logged, moment(loss.logged)), loss.run]),
      `None: nothing overflowed and nothing was thrown away.${data.waits ? ` ${plural(data.waits, 'time')} the monitor let the broker wait until it had caught up; by that nothing is lost.` : ''}`),
    table('Refused', 'refused-title', ['Why', 'Where', 'When (UTC)'], data.refused.map(row => [sentenceCase(spaced(row.reason)), row.field ? h('code', {}, row.field) : '', time(row.logged, moment(row.logged))]),
      'None. What cannot be read, or could name a person, would be counted here; its bytes are not kept.'),
    data.redactions && table('Deleted by retention or on request', 'redactions-title', ['When (UTC)', 'What', 'Why', 'Payloads', 'Keys'],
      data.redactions.map(row => [time(row.made, moment(row.made)), sentenceCase(row.class), row.reason, number(row.payloads), number(row.keys)]), 'Nothing was deleted.'),
    table('Who read which case', 'readers-title', ['Case', 'Who', 'Times', 'Last (UTC)'], data.readers.map(row => [h('a', {href: `/cases/${encodeURIComponent(row.case)}`}, row.case), row.actor, number(row.reads), time(row.last, moment(row.last))]),
      'Nobody has read a case.'),
  ].filter(Boolean);
  const [some, empty] = [parts.filter(part => part.rows.length), parts.filter(part => !part.rows.length)];
  return [some.map(list), empty.length > 0 && h('section', {class: 'panel wide', 'aria-labelledby': 'none-title'}, h('h2', {id: 'none-title'}, some.length ? 'And beside that' : 'What is missing from it'),
    h('dl', {class: 'facts'}, empty.map(part => fact(part.title, part.none))))];
}

export function page(found, data, again) {
  return [h('section', {class: 'panel wide', 'aria-labelledby': 'integrity-title'},
    h('header', {}, h('h1', {id: 'integrity-title'}, 'Is the log whole?'), h('span', {class: 'sub'}, 'Said by sharewatch verify, which computes everything again.'),
      h('button', {id: 'verify-again', class: 'end', disabled: Boolean(found.running), onclick: again}, found.running ? 'Verifying…' : 'Verify again')),
    h('p', {id: 'verify-verdict', role: 'status'}, verdict(found)),
    found.result && found.problem ? h('p', {class: 'note'}, `The last attempt failed: ${found.problem}`) : null,
    facts(found, data)), meaning(), missing(data)];
}
