// The inbox: states, time at a glance, and the groups of alerts.

import {h, s, number, plural, verdictTag, levelTag, brief, time, full, day, clock, dutyWord, stateWord,
  verdictWord, levelWord, pathParts, span, sentenceCase, VERDICTS} from './dom.js';
import {link} from './state.js';

const STATES = ['open', 'escalated', 'acknowledged', 'closed'];

export function tabs(state, counts) {
  return h('nav', {class: 'tabs', 'aria-label': 'States'}, STATES.map(name =>
    h('a', {
      href: link({state: name, alert: '', in: ''}), 'aria-current': state.state === name && 'page',
    }, stateWord[name], ' ', h('b', {}, number(counts[name] ?? 0)))));
}

// One bar a step of time, in the order of verdicts; the strictest on top, where the eye goes.
export function histogram(data, newest) {
  const width = 320, height = 44, gap = 1;
  const bins = data.bins;
  if (!bins.length) return null;
  const order = [1, 2, 3, 4, 5]; // FED … PROH, as the server numbers them
  const codes = ['NONE', 'FED', 'AUTO', 'DISC', 'REVIEW', 'PROH'];
  const most = Math.max(1, ...bins.map(bin => order.reduce((sum, i) => sum + bin[i], 0)));
  const step = width / bins.length;
  // Square roots keep three prohibited crossings visible beside six hundred automatic ones.
  const scale = n => n === 0 ? 0 : Math.max(2, Math.sqrt(n / most) * height);
  const bars = bins.map((bin, at) => {
    const total = order.reduce((sum, i) => sum + bin[i], 0);
    let y = height;
    const whole = scale(total);
    return order.filter(i => bin[i] > 0).map(i => {
      const tall = Math.max(2, whole * bin[i] / total);
      y -= tall;
      return s('rect', {x: at * step, y: Math.max(0, y), width: Math.max(1, step - gap), height: tall, class: `v-${codes[i]}`});
    });
  });
  const sums = order.map(i => bins.reduce((sum, bin) => sum + bin[i], 0));
  const words = order.filter((_, k) => sums[k] > 0)
    .map(i => `${number(sums[i - 1])} ${verdictWord[codes[i]].toLowerCase()}`).reverse();
  const last = data.start + data.step * bins.length;
  const marks = [0, 0.25, 0.5, 0.75].map(part => data.start + (last - data.start) * part);
  const long = data.to - data.from > 300 * 864e5;
  const mark = ms => long ? `${day(ms).slice(0, 3)} ${new Date(ms).getUTCFullYear()}` : data.to - data.from <= 2 * 864e5 ? clock(ms) : day(ms);
  return h('figure', {class: 'histogram'},
    s('svg', {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `Crossings in steps of ${span(data.step)}: ${words.join(', ') || 'none'}`}, bars),
    h('figcaption', {}, marks.map(ms => h('span', {title: full(ms)}, mark(ms))),
      h('span', {title: full(newest)}, 'newest')));
}

const crumbs = path => {
  const parts = pathParts(path);
  if (parts.length < 3) return parts.join(' › ');
  const middle = parts.length - 2;
  return `${parts[0]} › via ${middle} › ${parts.at(-1)}`;
};

function card(alert, state, view) {
  const chosen = alert.id === state.alert;
  const many = alert.group_hops ?? alert.count ?? 1;
  const label = `${verdictWord[alert.verdict]}, level ${alert.level} ${levelWord[alert.level].toLowerCase()}: ${alert.title}`;
  return h('li', {class: `card${chosen ? ' chosen' : ''}`, 'data-id': alert.id, 'data-group': alert.group},
    view.picked && h('input', {
      type: 'checkbox', class: 'pick', 'aria-label': `Select ${label}`, checked: view.picked.has(alert.id),
      onchange: event => view.pick(alert.id, event.target.checked),
    }),
    h('a', {href: view.href?.(alert) ?? link({alert: alert.id}), 'aria-current': chosen && 'true'},
      h('span', {class: 'line first'}, verdictTag(alert.verdict), levelTag(alert.level),
        many > 1 && h('span', {class: 'times', title: `${plural(alert.count ?? 1, 'alert')}, ${plural(many, 'crossing')}`}, `×${number(many)}`),
        h('span', {class: 'when'}, time(alert.last ?? alert.ts, brief(alert.last ?? alert.ts, view.newest)))),
      h('span', {class: 'title'}, alert.title),
      alert.path && h('span', {class: 'line path', title: alert.path}, sentenceCase(crumbs(alert.path))),
      h('span', {class: 'line law'}, h('span', {class: 'cite'}, alert.cite || 'no local rule'),
        alert.duties.map(duty => h('span', {class: 'chip'}, dutyWord[duty] ?? duty)),
        h('span', {class: 'token', title: `Key of the chain: ${alert.chain}`}, many > 1 && alert.daily ? plural(many, 'crossing') : alert.chain.startsWith('event:') ? '' : alert.chain.replace(/^.*:/, '').slice(0, 10)))));
}

export function list(data, state, view) {
  if (data.alerts.length === 0) {
    const none = state.state === 'open' && !state.verdict && !state.level && !state.q;
    return h('p', {class: 'empty'}, none ? 'Nothing is open. ' : 'No alert is like this. ',
      none ? 'New alerts appear here by themselves.'
           : h('a', {href: link({verdict: '', level: '', q: '', in: '', state: 'open', range: 'all'})}, 'Show all open alerts'));
  }
  return [
    h('ol', {class: 'cards', 'aria-label': `${stateWord[state.state] ?? 'All'} alerts, newest first`},
      data.alerts.map(alert => card(alert, state, view))),
    data.next && h('button', {class: 'more', onclick: view.more}, 'Show earlier alerts'),
  ];
}

// Verdict and level as filters, on when pressed.
export function filters(state) {
  const chosen = new Set(state.verdict.split(',').filter(Boolean));
  return h('div', {class: 'filters', role: 'group', 'aria-label': 'Verdicts'},
    VERDICTS.slice(0, 5).map(verdict => {
      const on = chosen.has(verdict);
      const next = new Set(chosen);
      if (on) next.delete(verdict); else next.add(verdict);
      return h('a', {class: `filter${on ? ' on' : ''}`, href: link({verdict: [...next].join(','), alert: ''}),
        role: 'button', 'aria-pressed': String(on)}, verdictTag(verdict));
    }));
}

export function group(state, data) {
  if (!state.in) return null;
  return h('p', {class: 'in-group'}, 'One by one, of one group: ', h('b', {}, data.alerts[0]?.title ?? ''), ' ',
    h('a', {href: link({in: '', alert: ''})}, 'Back to groups'));
}

// The same rows as a file: the address of the page with .csv or .json behind its path.
export const exportLinks = (path, search = location.search, json = true) => h('span', {class: 'exports'},
  h('a', {class: 'button export', href: `${path}.csv${search}`, download: '', 'aria-label': 'Export as CSV'}, 'CSV'),
  json && h('a', {class: 'button export', href: `${path}.json${search}`, 'aria-label': 'Export as JSON'}, 'JSON'));
