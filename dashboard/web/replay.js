// The log as it stood at an entry: a scrubber over the map and the inbox. Nothing is judged here: what is
// shown are the rows that were there by then, and the line below says whether a replay finds the same.

import {h, $, replace, number, plural, full, time, spaced, sentenceCase} from './dom.js';
import {read, link, go, ask, Problem} from './state.js';
import * as inbox from './inbox.js';
import * as flows from './flows.js';

const SPEEDS = [1, 10, 100, 1000, 10000, 100000];
const own = {moment: null, whole: null, flows: null, alerts: null, wanted: 0, busy: false, timer: 0, from: 0, at: 0, check: null};

// Without a speed in the address: all of the log in about a minute.
const speed = () => Number(read().speed) || (SPEEDS.find(each => head() / each <= 60) ?? SPEEDS.at(-1));
const head = () => Number(own.moment?.of ?? 0);
const entry = () => Number(own.moment?.entry ?? 0);
const playing = () => own.timer !== 0;

// The moment of an entry; a large log is counted first, and says how far it is.
async function ready(wanted) {
  for (;;) {
    const moment = await ask('/api/replay', wanted ? {as_of: wanted} : {});
    if (moment.entry) return moment;
    if ($('replay-when')) replace($('replay-when'), `The log is counted for the first time: ${Math.floor(moment.counted_permille / 10)} %`);
    if (read().page !== 'replay') throw new Problem({message: ''}, 0);
  }
}

const names = () => new Map((own.whole?.flows ?? []).map(flow => [[flow.src, flow.dst, flow.verdict, flow.level].join('~'), 0]));

function sums(data) {
  const all = names();
  for (const flow of data.flows) {
    const key = [flow.src, flow.dst, flow.verdict, flow.level].join('~');
    all.set(key, (all.get(key) ?? 0) + flow.n);
  }
  return all;
}

function drawMoment() {
  const {moment} = own;
  const slider = $('entry');
  slider.max = moment.of;
  slider.value = moment.entry;
  slider.setAttribute('aria-valuetext', `Entry ${number(entry())} of ${number(head())}, ${full(moment.ts)}`);
  $('entry-number').max = moment.of;
  if (document.activeElement !== $('entry-number')) $('entry-number').value = moment.entry;
  replace($('entry-of'), `of ${number(head())}`);
  replace($('replay-when'), h('b', {}, time(moment.ts, full(moment.ts).replace('T', ' ').replace('Z', ' UTC'))), ' · ',
    h('a', {href: `/events/${moment.entry}`}, `${sentenceCase(spaced(moment.kind))} ${spaced(moment.action)}`),
    moment.raised > 0 ? [' · ', h('b', {class: 'raised'}, `raised ${plural(moment.raised, 'alert')}`)] : '',
    ' · ', `${plural(Number(moment.alert), 'alert')} so far`);
  for (const [id, target] of [['alert-back', moment.alert_before], ['alert-next', moment.alert_after]]) $(id).disabled = !Number(target);
  $('play').textContent = playing() ? 'Pause' : 'Play';
  $('play').setAttribute('aria-pressed', String(playing()));
}

function drawLists() {
  const state = read(), place = $('replay-map');
  const width = Math.max(620, place.clientWidth - 32);
  const {svg} = flows.drawMap(own.whole, state, width, sums(own.flows));
  replace(place, h('header', {}, h('h2', {id: 'replay-map-title'}, 'Where records had crossed'), flows.legend(own.whole)),
    h('div', {class: 'map-scroll'}, svg));
  replace($('replay-counts'), flows.matrix(own.flows, {links: false}));
  const {alerts, counts} = own.alerts;
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const scroll = $('replay-list').scrollTop;
  replace($('replay-inbox-title'), `Inbox: ${plural(total, 'alert')} by then`);
  replace($('replay-list'), inbox.list(own.alerts, {...state, alert: '', state: 'all'}, {newest: own.moment.ts, href: alert => `/alerts/${alert.id}`}),
    alerts.length ? '' : h('p', {class: 'note'}, 'No alert had been raised by then.'));
  $('replay-list').scrollTop = scroll;
}

// Goes to what was wanted last; entries that were passed meanwhile are left out, not queued.
async function follow() {
  if (own.busy) return;
  own.busy = true;
  try {
    let shown = -1;
    while (read().page === 'replay' && shown !== own.wanted) {
      shown = own.wanted;
      const moment = await ready(shown);
      const at = {as_of: moment.entry};
      if (!own.whole || Number(own.whole.log) < Number(moment.entry)) {
        const {entry: end} = await ready(moment.of); // the places on the map are those of all of the log
        own.whole = {...await ask('/api/flows', {as_of: end}), log: end};
      }
      const [alerts, map] = await Promise.all([ask('/api/alerts', {...at, group: 1, limit: 100}), ask('/api/flows', at)]);
      if (!$('entry')) return;
      Object.assign(own, {moment, alerts, flows: map});
      drawMoment();
      drawLists();
    }
  } finally { own.busy = false; }
}

// The newest entry has no number in the address: it stays the newest.
export function seek(to, {keep = false} = {}) {
  if (!own.moment) return;
  if (!keep) stop();
  const wanted = Math.max(1, Math.min(head(), Math.round(to)));
  go(link({entry: wanted === head() ? '' : wanted}), {replace: true, quiet: true});
  own.wanted = wanted === head() ? 0 : wanted;
  follow();
}

export const step = by => seek((own.wanted || head()) + by);
export const first = () => seek(1);
export const last = () => seek(head());
export const alertBack = () => { if (Number(own.moment?.alert_before)) seek(Number(own.moment.alert_before)); };
export const alertNext = () => { if (Number(own.moment?.alert_after)) seek(Number(own.moment.alert_after)); };

function stop() {
  clearInterval(own.timer);
  own.timer = 0;
  if ($('play') && own.moment) drawMoment();
}

function tick() {
  if (read().page !== 'replay') { stop(); return; }
  if (own.busy) return; // the answers of the last step are still to come
  const to = own.from + (performance.now() - own.at) / 1000 * speed();
  seek(to, {keep: true});
  if (to >= head()) stop();
}

export function play() {
  if (!own.moment) return;
  if (playing()) { stop(); return; }
  own.from = own.wanted && own.wanted < head() ? own.wanted : 1; // from the end: once more from the start
  own.at = performance.now();
  own.timer = setInterval(tick, 100);
  drawMoment();
}

// The line of `sharewatch replay`, which judges every entry again in the background.
async function check() {
  const line = $('replay-check');
  const upTo = own.moment.of;
  try {
    for (;;) {
      const found = await ask('/api/replay/check', {as_of: upTo});
      if (!found.running) { own.check = found; break; }
      if (!line.isConnected) return;
      await new Promise(resolve => setTimeout(resolve, 500));
    }
    if (own.check.failed) {
      replace(line, h('b', {}, 'Replay could not judge this log again'), ': ', h('span', {title: own.check.failed}, own.check.failed.trim().split('\n').at(-1).slice(0, 240)));
      return;
    }
    const counts = `${plural(own.check.events, 'entry', 'entries')}, ${plural(own.check.hops, 'judgement')}, ${plural(own.check.findings, 'finding')}, ${plural(own.check.alerts, 'alert')}`;
    const gone = own.check.not_judged?.gone || 0;
    replace(line, own.check.identical === null ? [h('b', {class: 'calm'}, 'Replay says identical in all that can be judged again'), `: ${counts}; ${plural(gone, 'entry has', 'entries have')} no payload any more, deleted on purpose.`]
      : own.check.identical ? [h('b', {class: 'calm'}, 'Replay says identical'), `: ${counts} came out as they were logged.`]
      : [h('b', {class: 'alarm'}, 'Replay says different'), `: ${own.check.difference}`]);
  } catch (problem) { replace(line, `Replay could not be run. ${problem.message}`); }
}

function build(place) {
  const button = (id, word, press, keys) => h('button', {id, onclick: press, 'aria-keyshortcuts': keys}, word);
  replace(place, h('section', {class: 'panel scrubber', 'aria-labelledby': 'replay-title'},
    h('header', {}, h('h1', {id: 'replay-title'}, 'The log as it stood'), h('span', {class: 'sub', id: 'replay-when', role: 'status'}, 'Asking…')),
    h('div', {class: 'track'},
      button('play', 'Play', play, 'Space'),
      h('label', {}, h('span', {class: 'hidden'}, 'Speed of playing'), h('select', {id: 'speed', onchange: event => { go(link({speed: event.target.value}), {replace: true, quiet: true}); own.from = own.wanted || 1; own.at = performance.now(); }},
        SPEEDS.map(each => h('option', {value: each}, `${number(each)} ${each === 1 ? 'entry' : 'entries'} a second`)))),
      button('alert-back', '‹ Alert', alertBack, 'Shift+ArrowLeft'),
      h('label', {class: 'slide'}, h('span', {class: 'hidden'}, 'Entry of the log'), h('input', {id: 'entry', type: 'range', min: 1, max: 1, step: 1, oninput: event => seek(Number(event.target.value))})),
      button('alert-next', 'Alert ›', alertNext, 'Shift+ArrowRight'),
      h('label', {class: 'entry-number'}, 'Entry ', h('input', {id: 'entry-number', type: 'number', min: 1, onchange: event => seek(Number(event.target.value) || 1)}), ' ', h('span', {id: 'entry-of'}))),
    h('p', {class: 'note', id: 'replay-check'}, 'Replay judges every entry again in the background…'),
    h('p', {class: 'note'}, 'Arrow keys go entry by entry, with Shift from alert to alert. Reviews are shown as they stand today; they are no part of the log.')),
  h('div', {class: 'replay-panes'},
    h('section', {class: 'panel', 'aria-labelledby': 'replay-inbox-title'}, h('header', {}, h('h2', {id: 'replay-inbox-title'}, 'Inbox')), h('div', {id: 'replay-list', tabindex: 0, role: 'region', 'aria-label': 'Alerts by then'})),
    h('div', {class: 'replay-right'}, h('section', {class: 'panel', id: 'replay-map', 'aria-labelledby': 'replay-map-title'}), h('div', {id: 'replay-counts'}))));
}

export async function show(place) {
  const state = read();
  const wanted = Number(state.entry) || 0;
  if (!$('entry')) {
    stop();
    Object.assign(own, {moment: null, whole: null, check: null});
    build(place);
    own.wanted = wanted;
    await follow();
    if (own.moment) { $('speed').value = speed(); check(); }
  } else if (wanted !== own.wanted) {
    own.wanted = wanted;
    await follow();
  } else if (own.moment && own.alerts) drawLists();
}
