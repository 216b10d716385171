// One alert: the sentence, what happened hop by hop, the law, the duties, who did what.

import {h, s, number, plural, verdictTag, levelTag, moment, day, time, full, dutyWord, modeWord, levelWord, stateWord,
  verdictWord, sentenceCase, spaced, span} from './dom.js';
import {link} from './state.js';

const actionWord = {
  acknowledge: 'Acknowledged', escalate: 'Escalated', close: 'Closed', reopen: 'Opened again', note: 'Note', duty: 'Duty done',
  undo: 'Taken back',
};

let section = 'h3'; // the heading below the alert's title

function actions(alert, view) {
  const open = alert.state === 'open';
  const button = (name, word, key, main) => h('button', {
    class: main ? 'main' : '', onclick: () => view.act(name), 'aria-keyshortcuts': key, disabled: !view.reviewable,
  }, word);
  return h('div', {class: 'actions'},
    open && button('acknowledge', 'Acknowledge', 'e', true),
    alert.state !== 'escalated' && button('escalate', 'Escalate', 's'),
    !open && button('reopen', 'Open again', 'o'),
    button('note', 'Note', 'n'),
    alert.state !== 'closed' && button('close', 'Close…', 'c'),
    h('a', {class: 'button', href: `/api/alerts/${alert.id}/evidence`, download: `sharewatch-alert-${alert.id}.html`}, 'Evidence file'));
}

// Late is what its sender learned late; when it reached our log is another matter.
const isLate = hop => hop.late || hop.recorded - hop.ts > 36e5;

function hopLine(hop, alert, replaced) {
  const own = hop.id === alert.hop;
  const rules = hop.findings.filter(finding => finding.rule);
  return h('li', {class: `hop v-${hop.verdict}${own ? ' own' : ''}${replaced ? ' replaced' : ''}`, id: `hop-${hop.id}`},
    h('span', {class: 'dot', 'aria-hidden': 'true'}),
    h('div', {class: 'hop-head'}, h('b', {}, sentenceCase(hop.to_name || spaced(hop.action))), time(hop.ts, moment(hop.ts))),
    h('p', {}, hop.edge_name || `${sentenceCase(spaced(hop.kind))} ${spaced(hop.action)}`),
    h('p', {class: 'dim'}, hop.from_name ? `from ${hop.from_name}, ` : '', spaced(hop.data_class || hop.kind), ', ',
      h('a', {href: link({}, `/events/${hop.event}`)}, `entry ${number(Number(hop.event))}`)),
    (hop.verdict !== 'NONE' || hop.level > 0) && h('p', {}, h('span', {class: `badge t-${hop.verdict}`}, `${verdictWord[hop.verdict]}, level ${hop.level}`),
      hop.fed_reach ? h('span', {class: 'badge'}, 'Reached a federal agency that is no immigration agency') : null),
    rules.map(rule => h('p', {class: 'dim'}, `${rule.rule} (${rule.pack})`,
      rule.missing ? `: cannot be assessed, ${spaced(rule.missing)} is missing` : rule.cite ? `: ${rule.cite}` : '')),
    replaced && h('p', {class: 'dim'}, 'Judged again later; this was the first judgement.'),
    hop.revision > 0 && h('p', {class: 'dim'}, `Judged again after entry ${number(Number(hop.cause))}.`),
    isLate(hop) && h('p', {class: 'late'}, hop.recorded > hop.ts ? `Learned ${span(hop.recorded - hop.ts)} later` : 'Learned after later steps of its chain'));
}

function hops(alert) {
  const newest = new Map();
  for (const hop of alert.path_hops) newest.set(hop.event, Math.max(newest.get(hop.event) ?? 0, hop.revision));
  const total = alert.standing?.hops ?? alert.path_hops.length;
  return h('section', {'aria-labelledby': 'path-title'}, h(section, {class: 'section-head', id: 'path-title'}, alert.daily && alert.hops > 1
    ? `Path, hop by hop (the first of ${number(alert.hops)})` : 'Path, hop by hop'),
    h('ol', {class: 'hops'}, alert.path_hops.map(hop => hopLine(hop, alert, hop.revision < newest.get(hop.event)))),
    total > alert.path_hops.length && h('p', {class: 'note'}, `${number(alert.path_hops.length)} of ${number(total)} hops are shown.`));
}

function law(alert) {
  return h('section', {'aria-labelledby': 'law-title'}, h(section, {class: 'section-head', id: 'law-title'}, 'Law and rule'),
    h('div', {class: 'law-box'},
      h('b', {}, alert.cite || 'No local rule reaches this step'),
      h('p', {class: 'dim'}, alert.rule_title || 'The verdict is the default of the sharing map: no loaded rule speaks of it.'),
      alert.basis && alert.basis !== alert.cite && h('p', {class: 'quote'}, alert.basis),
      h('p', {class: 'dim'}, alert.rule ? `Rule ${alert.rule}${alert.pack ? `, pack ${alert.pack}` : ''}` : 'Default of the map',
        alert.edge ? ` · edge ${alert.edge}` : '', ` · policy ${alert.policy}`),
      alert.off_switch && h('p', {class: 'dim'}, h('b', {}, 'Who could stop it: '), alert.off_switch),
      alert.modes?.length > 0 && h('p', {class: 'dim'}, h('b', {}, 'How it moves: '), alert.modes.map(mode => modeWord[mode] ?? mode).join(', '))));
}

function duties(alert, view) {
  if (!alert.duties.length) return null;
  const done = new Set(alert.history.filter(row => row.action === 'duty').map(row => row.subject));
  return h('section', {'aria-labelledby': 'duty-title'}, h(section, {class: 'section-head', id: 'duty-title'}, 'Duties'),
    alert.duties.map(duty => h('label', {class: 'duty'}, h('input', {
      type: 'checkbox', checked: done.has(duty), disabled: done.has(duty) || !view.reviewable, onchange: () => view.duty(duty),
    }), h('span', {}, h('b', {}, dutyWord[duty] ?? duty), done.has(duty) && h('span', {class: 'dim'}, ' done')))));
}

function history(alert) {
  const rows = [
    ...alert.history.map(row => ({ts: row.ts, actor: row.actor, text: `${actionWord[row.action] ?? row.action}${row.subject && row.action !== 'note' ? `: ${dutyWord[row.subject] ?? row.subject}` : ''}`, note: row.note})),
    {ts: alert.logged, actor: 'sharewatch', text: 'Alert made', note: ''},
  ];
  return h('section', {'aria-labelledby': 'history-title'}, h(section, {class: 'section-head', id: 'history-title'}, 'History'),
    h('ol', {class: 'history'}, rows.map(row => h('li', {}, time(row.ts, moment(row.ts)), h('b', {}, row.actor),
      h('span', {}, row.text, row.note && h('q', {}, row.note))))));
}

export function detail(alert, view, heading) {
  section = heading === 'h1' ? 'h2' : 'h3';
  const states = alert.state === 'open' ? null : h('span', {class: `state s-${alert.state}`}, stateWord[alert.state]);
  return h('article', {class: 'alert', 'aria-labelledby': 'alert-title'},
    h('a', {class: 'back', href: link({alert: ''}, '/')}, 'Back to the list'),
    h('p', {class: 'line first'}, verdictTag(alert.verdict), levelTag(alert.level), h('span', {class: 'dim'}, `Alert ${number(Number(alert.id))}`), states,
      h('a', {class: 'permalink', href: `/alerts/${alert.id}`}, 'Permalink')),
    h(heading, {id: 'alert-title'}, alert.title),
    h('p', {class: 'sentence'}, alert.sentence),
    alert.daily && alert.hops > 1 ? h('p', {class: 'dim'}, `This alert stands for ${plural(alert.hops, 'crossing')} of ${day(alert.ts)}, the last at ${moment(alert.last)} UTC.`) : null,
    actions(alert, view),
    h('div', {id: 'act-form', 'data-alert': alert.id}),
    hops(alert), law(alert), duties(alert, view), history(alert),
    h('p', {class: 'note'}, h('a', {href: link({in: alert.group, alert: alert.id}, '/')}, 'Other alerts of this group'), ' · ',
      h('a', {href: link({}, `/events/${alert.event}`)}, 'Entry in the log')));
}

// Lanes are systems, across is time; what was learned late is joined to when we learned it.
export function timeline(alert, width, title = 'Timeline of this chain') {
  const newest = new Map();
  for (const hop of alert.path_hops) newest.set(hop.event, hop);
  const all = [...newest.values()];
  if (!all.length) return null;
  const lanes = [];
  const lane = name => { if (!lanes.includes(name)) lanes.push(name); return lanes.indexOf(name); };
  const points = all.map(hop => { if (hop.from_name) lane(hop.from_name); return {hop, lane: lane(hop.to_name || spaced(hop.action))}; });
  const late = all.filter(isLate);
  const left = 168, right = width - 16, row = 24;
  const start = Math.min(...all.map(hop => hop.ts)), end = Math.max(...all.map(hop => hop.ts), ...late.map(hop => hop.recorded));
  const padding = Math.max((end - start) * 0.05, 6e4);
  const x = ms => left + (right - left) * (ms - start + padding) / (end - start + 2 * padding);
  const y = at => 16 + at * row;
  const rows = lanes.length + (late.length ? 1 : 0);
  const height = rows * row + 30;
  const ticks = [0, 1, 2, 3, 4].map(at => start + (end - start) * at / 4);
  const short = end - start < 2 * 864e5;
  return h('section', {class: `panel${title.endsWith('case') ? ' wide' : ''}`, 'aria-labelledby': 'time-title'},
    h('header', {}, h('h2', {id: 'time-title'}, title), h('span', {class: 'token'}, alert.chain.replace(/^.*:/, '')),
      h('span', {class: 'sub'}, plural(all.length, 'hop'), end > start ? ` over ${span(end - start)}` : '')),
    s('svg', {class: 'timeline', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img',
      'aria-label': `${plural(all.length, 'hop')} from ${full(start)} to ${full(end)}. The list "Path, hop by hop" says the same in words.`},
      ticks.map(ms => [s('line', {x1: x(ms), y1: 4, x2: x(ms), y2: height - 24, class: 'tick'}),
        s('text', {x: x(ms), y: height - 6, class: 'tick-word'}, short ? moment(ms) : day(ms))]),
      lanes.map((name, at) => [s('line', {x1: left, y1: y(at), x2: right, y2: y(at), class: 'lane'}), s('text', {x: 0, y: y(at) + 4}, sentenceCase(name.length > 27 ? `${name.slice(0, 26)}…` : name))]),
      late.length > 0 && [s('line', {x1: left, y1: y(lanes.length), x2: right, y2: y(lanes.length), class: 'lane'}), s('text', {x: 0, y: y(lanes.length) + 4, class: 'dim'}, 'Learned')],
      points.map(({hop, lane: to}) => {
        const from = hop.from_name ? lane(hop.from_name) : to;
        const px = x(hop.ts);
        return from !== to && s('path', {class: `reach v-${hop.verdict}`, d: `M${px - 12} ${y(from)}C${px - 2} ${y(from)} ${px - 10} ${y(to)} ${px} ${y(to)}`});
      }),
      late.map(hop => [s('path', {class: 'learned', d: `M${x(hop.ts)} ${y(points.find(p => p.hop === hop).lane)}L${x(hop.recorded)} ${y(lanes.length)}`}),
        s('circle', {cx: x(hop.recorded), cy: y(lanes.length), r: 5, class: 'ring'})]),
      points.map(({hop, lane: to}) => s('circle', {cx: x(hop.ts), cy: y(to), r: hop.id === alert.hop ? 5.5 : 4, class: `v-${hop.verdict} l-${hop.level ? 1 : 0}`},
        s('title', {}, `${hop.to_name}: ${verdictWord[hop.verdict]}, ${levelWord[hop.level]}, ${full(hop.ts)}`)))));
}
