// The flow map. Columns are how far a record got, colour is the verdict, so that "how far" and "was it
// allowed" stay two things. The order of systems is that of the sharing map and does not move.

import {h, s, number, plural, verdictWord, levelWord, verdictTag, levelTag, VERDICTS, modeWord, sentenceCase} from './dom.js';
import {link} from './state.js';

const COLUMNS = ['Local record', 'State and shared', 'Federal', '1 Searched', '2 Matched', '3 Informed', '4 Custody'];
const FIRST_LEVEL = 3; // column of level 1
const LANE = {NONE: 0, AUTO: 1, FED: 2, DISC: 3, REVIEW: 4, PROH: 5};

const isLocal = node => ['local', 'county'].includes(node.class);

// The column of a system that is no immigration component.
function outside(node, byId, flows) {
  if (node.class === 'fed_nonimm') return 2;
  if (!isLocal(node)) return 1;
  // A local agency that gets data from another one stands beside the state: it is a share.
  const receives = flows.some(flow => flow.dst === node.node && byId.get(flow.src) &&
    isLocal(byId.get(flow.src)) && byId.get(flow.src).agency !== node.agency);
  const sends = flows.some(flow => flow.src === node.node && byId.get(flow.dst) && isLocal(byId.get(flow.dst)) &&
    byId.get(flow.dst).agency !== node.agency);
  return receives && !sends ? 1 : 0;
}

// Gives each flow its ends: a system of immigration stands once in each column that data reaches.
function place(data) {
  const byId = new Map(data.nodes.map((node, at) => [node.node, {...node, at}]));
  const columnOf = new Map();
  for (const node of byId.values()) if (!node.immigration) columnOf.set(node.node, outside(node, byId, data.flows));
  const reached = new Map(); // immigration system → columns
  for (const flow of data.flows) {
    if (byId.get(flow.dst)?.immigration && flow.level > 0) {
      const columns = reached.get(flow.dst) ?? new Set();
      reached.set(flow.dst, columns.add(FIRST_LEVEL + flow.level - 1));
    }
  }
  const drawn = [], kept = [];
  for (const flow of data.flows) {
    const src = byId.get(flow.src), dst = byId.get(flow.dst);
    const to = !dst ? null : !dst.immigration ? columnOf.get(flow.dst)
      : flow.level > 0 ? FIRST_LEVEL + flow.level - 1 : null;
    const froms = !src ? [] : src.immigration ? [...(reached.get(flow.src) ?? [])].sort((a, b) => a - b)
      : [columnOf.get(flow.src)];
    // An immigration system that nothing was seen to reach stands where its own flow begins.
    const from = froms.filter(column => column <= (to ?? -1)).at(-1) ?? (src?.immigration && dst?.immigration && flow.level > 0 ? to : undefined);
    if (to == null || from == null || (from === to && flow.src === flow.dst)) kept.push(flow);
    else drawn.push({...flow, from: `${flow.src}@${from}`, to: `${flow.dst}@${to}`, fromColumn: from, toColumn: to});
  }
  return {byId, drawn, kept};
}

// Joins the flows with the same ends, verdict and level, and makes the systems they join.
function join(drawn, byId) {
  const ribbons = new Map(), systems = new Map();
  const system = (key, column) => {
    if (!systems.has(key)) {
      const node = byId.get(key.split('@')[0]);
      systems.set(key, {key, node, column, slot: 0, ins: [], outs: []});
    }
    return systems.get(key);
  };
  for (const flow of drawn) {
    const key = [flow.src, flow.dst, flow.verdict, flow.level].join('~');
    const ribbon = ribbons.get(key) ?? {
      key, src: flow.src, dst: flow.dst, verdict: flow.verdict, level: flow.level, n: 0, edges: new Set(),
      from: system(flow.from, flow.fromColumn), to: system(flow.to, flow.toColumn),
    };
    ribbon.n += flow.n;
    ribbon.edges.add(flow.edge);
    ribbons.set(key, ribbon);
  }
  for (const ribbon of ribbons.values()) {
    ribbon.from.outs.push(ribbon);
    ribbon.to.ins.push(ribbon);
    if (ribbon.from.column === ribbon.to.column) ribbon.to.slot = 1;
  }
  return {ribbons: [...ribbons.values()], systems: [...systems.values()]};
}

const heightOf = system => Math.max(12, ...[system.ins, system.outs].map(side => side.reduce((sum, r) => sum + r.width, 0)));

// Vertical places: in the order of the map, pulled towards what they are joined to, never overlapping.
function settle(columns, height, top) {
  const gap = 34;
  for (const column of columns) {
    const total = column.reduce((sum, system) => sum + heightOf(system) + gap, 0);
    let y = top + Math.max(0, (height - top - total) / 2);
    for (const system of column) { system.tall = heightOf(system); system.y = y; y += system.tall + gap; }
  }
  const middle = system => system.y + system.tall / 2;
  const pull = (column, sides) => {
    for (const system of column) {
      const joined = sides.flatMap(side => system[side].map(r => [side === 'ins' ? r.from : r.to, r.width]));
      const weight = joined.reduce((sum, [, w]) => sum + w, 0);
      if (weight > 0) system.y += (joined.reduce((sum, [other, w]) => sum + middle(other) * w, 0) / weight - middle(system)) * 0.6;
    }
    column.sort((a, b) => a.y - b.y || a.node.at - b.node.at);
    for (let pass = 0; pass < 2; pass++) {
      let floor = top;
      for (const system of column) { system.y = Math.max(system.y, floor); floor = system.y + system.tall + gap; }
      let ceiling = height - 8;
      for (const system of [...column].reverse()) { system.y = Math.min(system.y, ceiling - system.tall); ceiling = system.y - gap; }
    }
  };
  for (let round = 0; round < 6; round++) {
    for (const column of columns) pull(column, ['ins']);
    for (const column of [...columns].reverse()) pull(column, ['outs', 'ins']);
  }
}

// Where each ribbon leaves and enters: sorted by the other end, then by the lane of its verdict.
function attach(systems) {
  for (const system of systems) {
    for (const [side, other, end] of [['outs', 'to', 'y0'], ['ins', 'from', 'y1']]) {
      const total = system[side].reduce((sum, r) => sum + r.width, 0);
      let y = system.y + (system.tall - total) / 2;
      system[side].sort((a, b) => a[other].y - b[other].y || LANE[a.verdict] - LANE[b.verdict]);
      for (const ribbon of system[side]) { ribbon[end] = y + ribbon.width / 2; y += ribbon.width; }
    }
  }
}

function wrap(name, most) {
  const lines = [''];
  for (const word of name.split(' ')) {
    const line = lines.at(-1);
    if (line && (line + ' ' + word).length > most && lines.length < 2) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.map(line => line.length > most + 1 ? `${line.slice(0, most)}…` : line);
}

// Names stand above their system, as wide as the next name at the same height leaves room for.
function label(systems, step, width) {
  const letter = 6.8; // of bold names
  for (const system of systems) {
    const beside = systems.filter(other => other.x > system.x && Math.abs(other.y - system.y) < 34);
    const room = Math.min(width - system.x, ...beside.map(other => other.x - system.x - 4), step * 2.2);
    system.end = width - system.x < 64;
    system.room = room;
    const most = Math.max(8, Math.floor((system.end ? step * 1.2 : room) / letter));
    // Where there is little room, "ICE support centre (LESC)" is LESC; its title has all.
    const short = system.node.name.match(/\(([^)]+)\)$/)?.[1];
    system.lines = wrap(short && most < 12 ? short : sentenceCase(system.node.name), most);
  }
}

// Where a ribbon is at `x`; it leaves and enters level.
function heightAt(ribbon, x) {
  const x0 = ribbon.from.x + 9, x1 = ribbon.to.x, bend = Math.max(18, (x1 - x0) * 0.5);
  let low = 0, high = 1;
  for (let step = 0; step < 12; step++) {
    const t = (low + high) / 2, u = 1 - t;
    if (u ** 3 * x0 + 3 * u * u * t * (x0 + bend) + 3 * u * t * t * (x1 - bend) + t ** 3 * x1 < x) low = t; else high = t;
  }
  return ribbon.y0 + (ribbon.y1 - ribbon.y0) * low * low * (3 - 2 * low);
}

// A name that ribbons would strike through stands below its system, where there is room and less in the way.
function dodge(systems, ribbons) {
  for (const system of systems) {
    const long = 6 * Math.max(...system.lines.map(line => line.length)), tall = 12 * system.lines.length + 4, foot = system.y + system.tall + 2;
    const touches = (ribbon, x, top, bottom) => x > ribbon.from.x && x < ribbon.to.x && Math.abs(heightAt(ribbon, x) - (top + bottom) / 2) < (bottom - top + ribbon.width) / 2;
    const struck = (top, bottom) => ribbons.filter(ribbon => ribbon.from !== system && ribbon.to !== system &&
      [4, long / 2, long].some(at => touches(ribbon, system.x + at, top, bottom))).length;
    const taken = systems.some(other => other !== system && other.x < system.x + long && other.x + 60 > system.x &&
      other.y - 8 - 12 * other.lines.length < foot + tall && other.y + other.tall > foot);
    const above = struck(system.y - tall, system.y - 2);
    system.below = above > 0 && !taken && !system.ins.some(ribbon => ribbon.verdict === 'PROH') && struck(foot, foot + tall) < above;
  }
}

export function layout(data, width) {
  const {byId, drawn, kept} = place(data);
  const {ribbons, systems} = join(drawn, byId);
  const slots = [];
  for (let column = 0; column < COLUMNS.length; column++) {
    const second = systems.some(system => system.column === column && system.slot === 1);
    slots.push([column, 0]);
    if (second) slots.push([column, 1]);
  }
  const right = 96;
  const step = (width - right) / (slots.length - 1);
  const x = (column, slot) => slots.findIndex(([c, k]) => c === column && k === slot) * step;
  for (const system of systems) system.x = x(system.column, system.slot);
  const columns = slots.map(([column, slot]) => systems.filter(system => system.column === column && system.slot === slot)
    .sort((a, b) => a.node.at - b.node.at)).filter(column => column.length);
  const most = Math.max(1, ...columns.map(column => column.length));
  const height = Math.max(300, Math.min(560, 90 + most * 58));
  const top = 66;
  // The square root of the count, so that a few stay visible beside many; one scale for all.
  const root = n => Math.sqrt(n);
  let scale = 5;
  for (const column of columns) {
    const sum = column.reduce((all, system) => all + Math.max(...[system.ins, system.outs].map(side => side.reduce((t, r) => t + root(r.n), 0))), 0);
    scale = Math.min(scale, (height - top - column.length * 36) / Math.max(1, sum));
  }
  for (const ribbon of ribbons) ribbon.width = Math.max(ribbon.verdict === 'NONE' ? 2 : 3, Math.min(34, root(ribbon.n) * scale));
  settle(columns, height, top);
  // What is empty above and below is cut off.
  const lift = Math.min(...systems.map(system => system.y)) - top;
  for (const system of systems) system.y -= lift;
  const bottom = Math.max(top + 60, ...systems.map(system => system.y + system.tall)) + 30;
  attach(systems);
  label(systems, step, width);
  dodge(systems, ribbons);
  return {ribbons, systems, kept, width, height: bottom, x, step, heads: COLUMNS.map((name, column) => ({name, x: x(column, 0)}))};
}

const sentence = ribbon => `${plural(ribbon.n, ribbon.level ? 'crossing' : 'record')}: ${ribbon.from.node.name} to ` +
  `${ribbon.to.node.name}, ${verdictWord[ribbon.verdict].toLowerCase()}, ` +
  (ribbon.level ? `level ${ribbon.level} ${levelWord[ribbon.level].toLowerCase()}` : 'stayed local');

function path(ribbon) {
  const x0 = ribbon.from.x + 9, x1 = ribbon.to.x, bend = Math.max(18, (x1 - x0) * 0.5);
  return `M${x0} ${ribbon.y0}C${x0 + bend} ${ribbon.y0} ${x1 - bend} ${ribbon.y1} ${x1} ${ribbon.y1}`;
}

function drawSystem(system) {
  const prohibited = system.ins.filter(r => r.verdict === 'PROH').reduce((sum, r) => sum + r.n, 0);
  const total = system.ins.reduce((sum, r) => sum + r.n, 0);
  const labelY = system.below ? system.y + system.tall + 12 : system.y - 5 - (system.lines.length - 1) * 12;
  return s('g', {class: `system${system.node.immigration ? ' imm' : ''}${system.quiet ? ' quiet' : ''}`},
    s('rect', {x: system.x, y: system.y, width: 9, height: system.tall, rx: 1.5}),
    system.lines.map((line, at) => s('text', {x: system.x + (system.end ? 9 : 0), y: labelY + at * 12, class: `${prohibited ? 'strong' : ''}${system.end ? ' end' : ''}`}, line)),
    system.node.immigration && prohibited > 0 && s('text', {x: system.x + (system.room > 90 ? 14 : 0), y: system.room > 90 ? system.y + system.tall / 2 + 4 : system.y + system.tall + 11, class: 'count'}, `${number(prohibited)} prohibited`),
    s('title', {}, `${system.node.name}: ${number(total)} in${prohibited ? `, ${number(prohibited)} prohibited` : ''}`));
}

// The levels in "3", "1,3" or "2-4".
const levels = text => text.split(',').flatMap(part => {
  const [first, last = first] = part.split('-').map(Number);
  return Array.from({length: Math.max(0, last - first + 1)}, (_, at) => first + at);
});

// With `upTo`, a map of counts by ribbon, the places of the whole are kept and only what had come by then is drawn.
function cut(plan, upTo) {
  plan.ribbons = plan.ribbons.filter(ribbon => upTo.get(ribbon.key) > 0);
  for (const ribbon of plan.ribbons) {
    ribbon.width = Math.max(ribbon.verdict === 'NONE' ? 2 : 3, ribbon.width * Math.sqrt(upTo.get(ribbon.key) / ribbon.n));
    ribbon.n = upTo.get(ribbon.key);
  }
  for (const system of plan.systems) {
    for (const side of ['ins', 'outs']) system[side] = system[side].filter(ribbon => upTo.get(ribbon.key) > 0);
    system.quiet = !system.ins.length && !system.outs.length;
  }
}

export function drawMap(data, state, width, upTo) {
  const plan = layout(data, width);
  if (upTo) cut(plan, upTo);
  const order = [...plan.ribbons].sort((a, b) => LANE[a.verdict] - LANE[b.verdict] || b.n - a.n);
  const border = plan.x(FIRST_LEVEL, 0) - plan.step / 2;
  const wanted = ribbon => (!state.verdict || state.verdict.split(',').includes(ribbon.verdict)) && (!state.level || levels(state.level).includes(ribbon.level));
  return {plan, svg: s('svg', {class: 'map', viewBox: `0 0 ${width} ${plan.height}`, width, height: plan.height, role: 'group',
    'aria-label': 'Flow map. Each ribbon is a link; the table below holds the same rows.'},
    plan.heads.map((head, at) => wrap(head.name, Math.max(8, Math.floor(((plan.heads[at + 1]?.x ?? width) - head.x) / 6.6))).map((line, row) =>
      s('text', {x: head.x, y: 12 + row * 13, class: 'head'}, line))),
    s('line', {x1: border, y1: 30, x2: border, y2: plan.height - 14, class: 'border'}),
    s('text', {x: border, y: plan.height - 3, class: 'border-word'}, 'crossing begins'),
    order.map(ribbon => s('a', {
      href: link({flow: state.flow === ribbon.key ? '' : ribbon.key}), 'aria-label': sentence(ribbon),
      class: `ribbon v-${ribbon.verdict}${state.flow === ribbon.key ? ' chosen' : ''}${wanted(ribbon) ? '' : ' faded'}`,
    }, s('path', {d: path(ribbon), 'stroke-width': ribbon.width}), s('title', {}, sentence(ribbon)))),
    plan.systems.map(system => drawSystem(system)))};
}

export const legend = data => h('ul', {class: 'legend', 'aria-label': 'Colours'},
  ['PROH', 'REVIEW', 'DISC', 'AUTO', 'FED'].filter(verdict => verdict !== 'FED' || data.flows.some(flow => flow.verdict === 'FED')).map(verdict =>
    h('li', {}, s('svg', {class: `v-${verdict}`, viewBox: '0 0 18 6', width: 18, height: 6, 'aria-hidden': 'true'},
      s('rect', {width: verdict === 'REVIEW' ? 7 : 18, height: 6, rx: 2}),
      verdict === 'REVIEW' && s('rect', {x: 10, width: 8, height: 6, rx: 2})), verdictWord[verdict])));

export function table(data, state) {
  const names = new Map(data.nodes.map(node => [node.node, node.name]));
  const edges = new Map(data.edges.map(edge => [edge.edge, edge]));
  const rows = [...data.flows].sort((a, b) => LANE[b.verdict] - LANE[a.verdict] || b.level - a.level || b.n - a.n);
  return h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Flows as a table'}, h('table', {class: 'flows'},
    h('thead', {}, h('tr', {}, ['Verdict', 'Level', 'From', 'To', 'Edge of the map', 'Off switch', 'Records'].map((name, at) =>
      h('th', {scope: 'col', class: at === 6 && 'n'}, name)))),
    h('tbody', {}, rows.map(row => h('tr', {},
      h('td', {}, verdictTag(row.verdict)), h('td', {}, levelTag(row.level)),
      h('td', {}, sentenceCase(names.get(row.src) ?? 'not named')), h('td', {}, sentenceCase(names.get(row.dst) ?? 'not named')),
      h('td', {}, h('span', {class: 'edge'}, row.edge || 'none'), ' ', edges.get(row.edge)?.name ?? ''),
      h('td', {}, edges.get(row.edge)?.off_switch ?? 'unknown'),
      h('td', {class: 'n'}, h('a', {href: link({edge: row.edge, src: row.src, dst: row.dst, verdict: row.verdict, level: row.level}, '/events')}, number(row.n))))))));
}

// What a chosen ribbon is: its edges of the map, by what right, and who could stop it.
export function chosen(data, state) {
  const [src, dst, verdict, level] = state.flow.split('~');
  const rows = data.flows.filter(flow => flow.src === src && flow.dst === dst && flow.verdict === verdict && String(flow.level) === level);
  if (!rows.length) return null;
  const names = new Map(data.nodes.map(node => [node.node, node.name]));
  const n = rows.reduce((sum, row) => sum + row.n, 0);
  return h('section', {class: 'panel', 'aria-labelledby': 'flow-title'},
    h('header', {}, h('h2', {id: 'flow-title'}, sentenceCase(`${names.get(src)} to ${names.get(dst)}`)), verdictTag(verdict), levelTag(Number(level)),
      h('a', {class: 'button', href: link({flow: ''})}, 'Close')),
    h('p', {}, `${plural(n, Number(level) ? 'crossing' : 'record')} in this range. `,
      h('a', {href: link({src, dst, verdict, level}, '/events')}, 'See each entry'), ' · ',
      h('a', {href: link({edge: '', verdict, level, flow: state.flow, q: rows[0].edge})}, 'Alerts of this edge')),
    rows.map(row => {
      const edge = data.edges.find(each => each.edge === row.edge);
      return edge && h('dl', {class: 'facts'},
        h('dt', {}, row.edge), h('dd', {}, edge.name),
        h('dt', {}, 'How it moves'), h('dd', {}, edge.modes.map(mode => modeWord[mode] ?? mode).join(', ')),
        h('dt', {}, 'Legal basis'), h('dd', {}, edge.basis),
        h('dt', {}, 'Off switch'), h('dd', {}, edge.off_switch),
        h('dt', {}, 'How well known'), h('dd', {}, edge.source));
    }));
}

// Verdict by level, with what each number is a part of.
export function matrix(data, {links = true} = {}) {
  const cells = {}, totals = {};
  let all = 0, judged = 0;
  for (const flow of data.flows) {
    all += flow.n;
    if (flow.verdict === 'NONE' && flow.level === 0) continue;
    judged += flow.n;
    cells[`${flow.verdict}${flow.level}`] = (cells[`${flow.verdict}${flow.level}`] ?? 0) + flow.n;
    totals[flow.verdict] = (totals[flow.verdict] ?? 0) + flow.n;
  }
  const most = Math.max(1, ...Object.values(totals));
  const open = totals.REVIEW ?? 0;
  return h('section', {class: 'panel', 'aria-labelledby': 'matrix-title'},
    h('header', {}, h('h2', {id: 'matrix-title'}, 'How far, and was it allowed'),
      h('span', {class: 'sub'}, `${plural(judged, 'finding')} among ${plural(all, 'record')} that moved`)),
    h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Verdicts by level'}, h('table', {class: 'matrix'},
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Verdict'), levelWord.map((word, level) => h('th', {scope: 'col', class: 'n'}, `${level} ${word}`)),
        h('th', {scope: 'col', class: 'n'}, 'All'), h('th', {scope: 'col'}, h('span', {class: 'hidden'}, 'Share')))),
      h('tbody', {}, VERDICTS.slice(0, 5).filter(verdict => verdict !== 'FED' || totals.FED).map(verdict => h('tr', {},
        h('th', {scope: 'row'}, verdictTag(verdict)),
        levelWord.map((_, level) => {
          const n = cells[`${verdict}${level}`] ?? 0;
          return h('td', {class: `n${n ? '' : ' zero'}`}, n && links ? h('a', {href: link({verdict, level, alert: '', state: 'all', flow: ''}, '/')}, number(n)) : number(n));
        }),
        h('td', {class: 'n all'}, number(totals[verdict] ?? 0)),
        h('td', {class: 'bar'}, s('svg', {viewBox: '0 0 120 10', preserveAspectRatio: 'none', 'aria-hidden': 'true', class: `v-${verdict}`},
          s('rect', {width: totals[verdict] ? Math.max(3, 120 * Math.sqrt(totals[verdict] / most)) : 0, height: 10, rx: 2})))))))),
    h('p', {class: 'note'}, open
      ? `Read every zero with this beside it: ${number(open)} of ${number(judged)} could not be settled by a rule and need a person.`
      : 'Every finding was settled by a rule or by the map; what nobody reported is not in the log.'));
}
