// Puts the parts together: reads the URL, asks the server, draws, and keeps up with the live stream.
// This module and what it imports are all that the first alert needs; the rest is fetched after it, and
// imports from here what the parts share.

import {h, s, $, replace, number, plural, ago, say} from './dom.js';
import {RANGES, read, link, go, onChange, ask, Problem} from './state.js';
import * as inbox from './inbox.js';
import * as live from './live.js';
import * as keys from './keys.js';

export const shown = {alerts: null, bins: null, flows: null, alert: null, status: null, link: 'off', pending: [], picked: new Set(), keys: {}, scroll: new Map(), review: 0};

// The styles of what is not the inbox. Nothing that they style is drawn before they are there.
let sheet = null;
export const styled = () => sheet ??= new Promise(resolve => {
  document.head.append(h('link', {rel: 'stylesheet', href: new URL('more.css', import.meta.url), onload: resolve, onerror: resolve}));
});

const NAV = [['/', 'Alerts', 'inbox'], ['/flows', 'Flow map', 'flows'], ['/events', 'Entries', 'events'], ['/cases', 'Cases', 'cases'], ['/replay', 'Replay', 'replay'], ['/what-if', 'What-if', 'what-if'], ['/integrity', 'Integrity', 'integrity'], ['/help', 'Help', 'help']];

// The frame: navigation above, the state of the log below.

function mark() {
  return s('svg', {viewBox: '0 0 20 20', 'aria-hidden': 'true', class: 'mark'},
    s('path', {d: 'M1 14h4c4 0 4-8 8-8h5', class: 'a'}), s('path', {d: 'M1 6h4c4 0 4 8 8 8h5', class: 'b'}), s('circle', {cx: 17, cy: 6, r: 2}));
}

// Built once and then changed in place: nobody who types or tabs here may lose their place.
function buildTop() {
  const search = h('input', {id: 'search', type: 'search', 'aria-label': 'Search alerts', placeholder: 'Search law, system, rule or alert number', maxlength: 120});
  const submit = event => {
    event.preventDefault();
    go(link({q: search.value.trim(), alert: ''}, read().page === 'inbox' ? undefined : '/'));
    search.blur();
  };
  replace($('top'), h('a', {class: 'brand', href: '/'}, mark(), 'sharewatch'),
    h('nav', {'aria-label': 'Pages'}, NAV.map(([, name, key]) => h('a', {id: `nav-${key}`}, name, key === 'inbox' && h('span', {class: 'count', hidden: true})))),
    h('form', {role: 'search', onsubmit: submit}, search, h('kbd', {'aria-hidden': 'true'}, '/')),
    h('label', {class: 'range'}, h('span', {class: 'hidden'}, 'Range of time'), h('select', {id: 'range', onchange: event => go(link({range: event.target.value, before: ''}))}), h('span', {class: 'zone'}, 'UTC')),
    h('button', {id: 'live', onclick: togglePause}, h('span', {class: 'lamp', 'aria-hidden': 'true'}), h('span', {id: 'live-word'})));
}

function drawRange(range) {
  const select = $('range');
  const options = RANGES.some(([value]) => value === range) ? RANGES : [[range, range], ...RANGES];
  if (select.options.length !== options.length) replace(select, options.map(([value, name]) => h('option', {value}, name)));
  if (select.value !== range) select.value = range;
}

function drawTop() {
  if (!$('search')) buildTop();
  const state = read();
  const open = shown.alerts?.counts?.open;
  const page = ['inbox', 'alerts'].includes(state.page) ? 'inbox' : state.page;
  for (const [path, , key] of NAV) {
    const anchor = $(`nav-${key}`);
    anchor.href = link({}, path);
    anchor.hidden = ['what-if', 'integrity'].includes(key) && !shown.status?.what_if;
    if (page === key) anchor.setAttribute('aria-current', 'page'); else anchor.removeAttribute('aria-current');
  }
  const count = $('top').querySelector('.count');
  count.hidden = !(open > 0);
  count.textContent = open > 0 ? number(open) : '';
  count.title = `${number(open ?? 0)} open`;
  if (document.activeElement !== $('search')) $('search').value = state.q;
  // These pages are of all of the log.
  $('range').parentElement.hidden = ['replay', 'what-if', 'integrity', 'cases', 'help'].includes(state.page);
  drawRange(state.range);
  $('live').className = `live l-${shown.link}`;
  $('live').setAttribute('aria-pressed', String(shown.link === 'paused'));
  $('live-word').textContent = {live: 'Live', lost: 'Link lost', paused: 'Paused', off: 'Connecting'}[shown.link];
  document.title = [shown.link === 'lost' ? '(link lost)' : open ? `(${number(open)})` : '', shown.alert && state.alert ? shown.alert.title : NAV.find(([, , key]) => key === page)?.[1], 'sharewatch'].filter(Boolean).join(' · ');
}

// How far the log is verified, for the line below every page.
function verifiedTo() {
  const result = shown.verify?.result;
  if (!result) return null;
  const to = number(Number(shown.verify.entry));
  const [word, kind] = result.state === 'whole' ? [`verified to ${to}`, 'calm'] : result.state === 'broken' ? ['the log is NOT whole', 'alarm'] : ['log not sealed', ''];
  return h('a', {class: `verified ${kind}`, href: link({}, '/integrity')}, word);
}

// Asked at the start and, while the log grows, now and then; the server decides when it verifies again.
async function askVerified() {
  if (shown.verifyAsked > Date.now() - 20000) return;
  shown.verifyAsked = Date.now();
  const found = await ask('/api/verify');
  if (found.running) setTimeout(() => { shown.verifyAsked = 0; guard(askVerified()); }, 1000);
  shown.verify = {...found, entry: found.entry === '0' ? shown.verify?.entry ?? '0' : found.entry};
  drawFoot();
}

const HINTS = {
  inbox: [['j', ''], ['k', 'move'], ['e', 'acknowledge'], ['s', 'escalate'], ['n', 'note'], ['.', 'show new']],
  alerts: [['e', 'acknowledge'], ['s', 'escalate'], ['n', 'note'], ['Esc', 'back']],
  replay: [['← →', 'an entry'], ['Shift ← →', 'an alert'], ['Space', 'play']],
  flows: [['v', 'map or table'], ['[', ''], [']', 'range']],
};

export function drawFoot() {
  const status = shown.status;
  if (!status) return;
  const behind = status.run && !status.run.ended && status.logged ? Math.max(0, status.now - status.logged) : null;
  const hint = (key, word) => h('span', {}, h('kbd', {}, key), word);
  replace($('foot'), h('div', {class: 'states'},
    shown.link === 'lost' && h('b', {class: 'alarm'}, 'Link lost: what you see may be old'),
    status.trouble && h('b', {class: 'alarm trouble', role: 'alert'}, status.trouble),
    h('span', {}, 'Log entry ', h('b', {}, number(Number(status.entry)))),
    Number(status.indexed) < Number(status.alert) && h('span', {}, `taking in alerts: ${Math.floor(100 * Number(status.indexed) / Number(status.alert))} %`),
    verifiedTo(),
    status.run && h('span', {}, 'Policy ', h('b', {}, status.run.policy)),
    h('span', {}, status.run?.ended ? 'the monitor has ended' : behind == null ? 'nothing logged yet' : `last entry ${ago(behind)} ago`),
    status.gaps > 0 ? h('b', {class: 'alarm'}, plural(status.gaps, 'gap'), `, ${plural(status.missing, 'event')} missing`) : h('span', {class: 'calm'}, 'no gaps'),
    status.quarantined > 0 && h('span', {}, `${number(status.quarantined)} refused to quarantine`),
    status.losses > 0 && h('b', {class: 'alarm'}, plural(status.losses, 'loss', 'losses')),
    status.edited_row > 0 && h('b', {class: 'alarm'}, `reviews were edited: row ${number(status.edited_row)} is not as it was written`),
    !status.reviewable && h('b', {class: 'alarm'}, 'reviews are off'),
    status.synthetic ? h('b', {class: 'synthetic'}, 'Synthetic data') : null),
    h('div', {class: 'hints', 'aria-hidden': 'true'}, (HINTS[read().page] ?? []).map(([key, word]) => hint(key, word)), hint('?', 'all keys')));
}

// The pane of alerts.

const listQuery = state => ({state: state.q && /^#?\d+$/.test(state.q) ? 'all' : state.state, verdict: state.verdict, level: state.level, range: state.range, q: state.q, in: state.in, group: state.in ? 0 : 1});

export const view = {
  get newest() { return shown.status?.newest ?? Date.now(); },
  get picked() { return shown.picked; },
  get reviewable() { return shown.status?.reviewable !== 0 && shown.status?.role !== 'reader'; },
  pick(id, on) { if (on) shown.picked.add(id); else shown.picked.delete(id); drawBulk(); },
  more: () => loadMore(),
  act: action => guard(act(action)),
  duty: name => guard(import('./act.js').then(acts => acts.duty(name))),
};

function drawInbox() {
  const pane = $('inbox');
  if (!pane || !shown.alerts) return;
  const state = read(), scroll = $('list')?.scrollTop ?? shown.scroll.get(shown.keys.inbox) ?? 0;
  const focused = document.activeElement?.closest?.('.card')?.dataset.id;
  replace(pane,
    h('div', {class: 'pane-head'}, h('h1', {}, state.q ? `Alerts with “${state.q}”` : 'Alerts'),
      state.q && h('a', {href: link({q: ''})}, 'Clear'),
      inbox.exportLinks('/alerts')),
    inbox.tabs(state, shown.alerts.counts),
    h('div', {id: 'bins'}, shown.bins && inbox.histogram(shown.bins, view.newest)),
    inbox.filters(state), inbox.group(state, shown.alerts),
    h('div', {id: 'new'}), h('div', {id: 'bulk'}),
    h('div', {id: 'list'}, inbox.list(shown.alerts, state, view)));
  $('list').scrollTop = scroll;
  if (focused) pane.querySelector(`[data-id="${focused}"] a`)?.focus({preventScroll: true});
  drawNew();
  drawBulk();
}

// Only the mark of the chosen card moves: the list stays where it is.
function markChosen() {
  const id = read().alert;
  for (const card of document.querySelectorAll('.card')) {
    const chosen = card.dataset.id === id;
    card.classList.toggle('chosen', chosen);
    const anchor = card.querySelector('a');
    anchor.href = link({alert: card.dataset.id});
    if (chosen) { anchor.setAttribute('aria-current', 'true'); card.scrollIntoView({block: 'nearest'}); } else anchor.removeAttribute('aria-current');
  }
}

function drawNew() {
  if (!$('new')) return;
  const count = shown.pending.length;
  replace($('new'), count > 0 && h('button', {class: 'new', onclick: showNew}, `${plural(count, 'new alert')}: show`));
}

function drawBulk() {
  if (!$('bulk')) return;
  const count = shown.picked.size;
  replace($('bulk'), count > 0 && h('div', {class: 'bulk', role: 'group', 'aria-label': 'Selected alerts'}, h('b', {}, `${number(count)} selected`),
    h('button', {class: 'main', onclick: () => view.act('acknowledge'), disabled: !view.reviewable}, 'Acknowledge'), h('button', {onclick: () => view.act('escalate'), disabled: !view.reviewable}, 'Escalate'),
    h('button', {onclick: pickNone}, 'None')));
  for (const card of document.querySelectorAll('.card')) {
    const picked = shown.picked.has(card.dataset.id);
    card.classList.toggle('picked', picked);
    card.querySelector('.pick').checked = picked;
  }
}

export async function loadInbox(force) {
  const state = read(), key = JSON.stringify(listQuery(state));
  if (!force && shown.keys.inbox === key && shown.alerts) { drawInbox(); return; }
  if (shown.keys.inbox !== key) shown.picked.clear();
  const range = {range: state.range};
  const first = ask('/api/alerts', listQuery(state));
  const second = ask('/api/histogram', range);
  second.catch(() => {}); // where the list fails, it fails too
  const alerts = await first;
  if (JSON.stringify(listQuery(read())) !== key) return; // the reader has gone on
  shown.alerts = alerts;
  shown.keys.inbox = key;
  shown.pending = [];
  drawInbox();
  drawTop();
  shown.bins = await second;
  if (shown.keys.inbox === key && $('bins')) replace($('bins'), inbox.histogram(shown.bins, view.newest));
}

async function loadMore() {
  const more = await ask('/api/alerts', {...listQuery(read()), before: shown.alerts.next});
  shown.alerts = {...more, alerts: [...shown.alerts.alerts, ...more.alerts]};
  drawInbox();
}

function showNew() {
  return guard(loadInbox(true)).then(() => { $('list')?.scrollTo(0, 0); document.querySelector('.card a')?.focus(); });
}

// What stands beside the inbox, once it is fetched; what acts on alerts comes with it.

let middle = null;

async function beside() {
  [middle] = await Promise.all([import('./middle.js'), import('./act.js')]);
  return middle;
}

const drawBeside = () => { if (middle && $('middle') && shown.flows) middle.drawMiddle(); };

// Pages.

function frame(page) {
  const main = $('main');
  if (main.dataset.page === page) return;
  main.dataset.page = page;
  main.className = page;
  main.tabIndex = page.endsWith(' text') || page === 'alerts' || page === 'flows' ? 0 : -1; // what scrolls can be reached
  const parts = {
    inbox: () => [h('section', {id: 'inbox', class: 'pane', 'aria-label': 'Inbox'}), h('section', {id: 'middle', class: 'pane', 'aria-label': 'Flows'}), h('section', {id: 'detail', class: 'pane', 'aria-label': 'Chosen alert'})],
    alerts: () => [h('section', {id: 'detail', class: 'pane alone', 'aria-label': 'Alert'})],
    flows: () => [h('section', {id: 'middle', class: 'pane alone', 'aria-label': 'Flows'})],
  };
  replace(main, parts[page]?.() ?? h('section', {id: 'page', class: 'pane alone'}));
}

// What cannot be shown leaves a sentence in its place, and a way on.
function fail(problem) {
  if (problem.status === 401) { location.reload(); return; }
  const {page} = read();
  const place = $('page') ?? (problem.status === 404 ? $('detail') : page === 'flows' ? $('middle') : $('inbox') ?? $('detail')) ?? $('main');
  if ([400, 404].includes(problem.status) && place && !(problem.status === 400 && place.querySelector('.card, .panel'))) {
    replace(place, h('div', {class: 'empty', role: 'alert'}, h('p', {}, problem.message),
      h('p', {}, h('a', {href: problem.status === 400 ? link({}, page === 'inbox' ? '/' : location.pathname).split('?')[0] : '/'}, problem.status === 400 ? 'Show this page without what is not understood' : 'Back to the alerts'))));
  } else say(problem instanceof Problem ? problem.message : `This page could not go on: ${problem.message} Load it anew.`);
}

export const guard = promise => promise.catch(fail);

// The module of a page that not everybody opens; what is not fetched yet has nothing to do.
let replay = null;

async function drawReplay() {
  [replay] = await Promise.all([import('./replay.js'), styled()]);
  if (read().page === 'replay' && $('page')) await replay.show($('page'));
}

export function draw() {
  const state = read();
  document.body.classList.toggle('has-alert', Boolean(state.alert));
  if ($('list')) shown.scroll.set(shown.keys.inbox, $('list').scrollTop);
  frame(state.page === 'inbox' || state.page === 'alerts' || state.page === 'flows' ? state.page : `${state.page} text`);
  drawTop();
  drawFoot();
  if (state.page === 'inbox') {
    const same = shown.keys.inbox === JSON.stringify(listQuery(state)) && $('list');
    const list = same ? (markChosen(), Promise.resolve()) : guard(loadInbox());
    const chosen = (state.alert ? beside() : list.then(beside)).then(parts => parts.loadDetail());
    guard(Promise.all([list, chosen]).then(() => middle.loadMiddle()).then(drawTop));
  } else if (state.page === 'alerts') guard(beside().then(parts => parts.loadDetail()).then(drawTop));
  else if (state.page === 'flows') guard(beside().then(parts => parts.loadMiddle()));
  else if (state.page === 'replay') guard(drawReplay());
  else guard(import('./open.js').then(pages => pages.open(state)));
}

export const refresh = () => guard(Promise.all([$('list') ? loadInbox(true) : null, read().alert ? beside().then(parts => parts.loadDetail(true)) : null]).then(drawTop));

// What keys and buttons do.

export const cards = () => [...document.querySelectorAll('.card')];

function move(step) {
  const all = cards();
  if (!all.length) return;
  const at = all.findIndex(card => card.dataset.id === read().alert);
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  go(link({alert: next.dataset.id}), {replace: at >= 0});
  next.querySelector('a').focus({preventScroll: true});
}

// What a key was pressed for is what it acts on, also when its module is still to come.
async function act(action) {
  const id = read().alert;
  const acts = await import('./act.js');
  if (read().alert === id) acts.act(action); else say('Nothing was done: another alert was chosen before this page was ready.');
}

const takeBack = () => guard(import('./act.js').then(acts => acts.takeBack()));

function pickNone() { shown.picked.clear(); drawBulk(); }

function pickAll(fits) {
  for (const alert of shown.alerts?.alerts ?? []) if (fits(alert)) shown.picked.add(alert.id);
  drawBulk();
}

function stepRange(step) {
  const at = RANGES.findIndex(([value]) => value === read().range);
  const next = RANGES[Math.max(0, Math.min(RANGES.length - 1, (at < 0 ? RANGES.length - 1 : at) + step))];
  go(link({range: next[0], before: ''}));
}

function back() {
  const state = read();
  if (state.page === 'alerts') go(link({alert: ''}, '/'));
  else if (state.flow) go(link({flow: ''}));
  else if (state.alert) go(link({alert: ''}));
  else if (state.in || state.q) go(link({in: '', q: ''}));
}

function togglePause() {
  say(live.pause() ? 'Paused. The log keeps all; go on with Space or p.' : 'Live again.');
}

// Keys of the replay page; elsewhere they do what the browser does.
const onReplay = (name, ...values) => () => read().page === 'replay' && (replay?.[name](...values), true);

keys.start({
  j: () => move(1), k: () => move(-1), Enter: () => { const id = read().alert; if (id) go(`/alerts/${id}`); }, Esc: back,
  e: () => view.act('acknowledge'), s: () => view.act('escalate'), S: () => view.act('single'), c: () => view.act('close'), o: () => view.act('reopen'), n: () => view.act('note'), u: takeBack,
  x: () => { const id = read().alert; if (id) view.pick(id, !shown.picked.has(id)); },
  '* a': () => pickAll(() => true), '* n': pickNone,
  '* r': () => { const own = shown.alerts?.alerts.find(alert => alert.id === read().alert); if (own) pickAll(alert => alert.rule === own.rule); },
  '.': showNew, p: togglePause, Space: () => { if (read().page === 'replay') replay?.play(); else togglePause(); },
  ArrowLeft: onReplay('step', -1), ArrowRight: onReplay('step', 1), Home: onReplay('first'), End: onReplay('last'), 'Shift ArrowLeft': onReplay('alertBack'), 'Shift ArrowRight': onReplay('alertNext'), '[': () => stepRange(-1), ']': () => stepRange(1),
  t: () => $('range').focus(), '/': () => $('search').focus(), v: () => go(link({view: read().view === 'table' ? 'map' : 'table'})),
  y: () => navigator.clipboard?.writeText(location.href).then(() => say('The link is copied.'), () => say(location.href)),
  'g a': () => go(link({}, '/')), 'g f': () => go(link({}, '/flows')), 'g e': () => go(link({}, '/events')), 'g c': () => go(link({}, '/cases')), 'g r': () => go(link({}, '/replay')), 'g w': () => { if (shown.status?.what_if) go(link({}, '/what-if')); }, 'g i': () => { if (shown.status?.what_if) go(link({}, '/integrity')); }, 'g h': () => go(link({}, '/help')),
  '?': () => styled().then(keys.help),
});

// What the live stream tells.

let mapTimer = 0;

live.onLive((type, data) => {
  if (type === 'link') { shown.link = data.state; drawTop(); drawFoot(); }
  if (type === 'status') {
    const grown = shown.status?.entry !== data.entry;
    shown.status = {...shown.status, ...data};
    drawFoot();
    if (grown && shown.status.what_if) guard(askVerified());
  }
  if (type === 'alert') {
    const state = read();
    const fits = (!state.verdict || state.verdict.split(',').includes(data.verdict)) && state.state === 'open';
    if (fits && !shown.pending.includes(data.id)) { shown.pending.push(data.id); drawNew(); }
  }
  if (type === 'gap') say(`${plural(data.behind, 'alert')} came while this page was away.`, h('button', {onclick: showNew}, 'Show'));
  if (type === 'review' && data.review !== shown.review) {
    shown.review = data.review;
    if (read().alert) guard(beside().then(parts => parts.loadDetail(true)));
    if ($('list') && !shown.picked.size) guard(ask('/api/alerts', {...listQuery(read()), limit: 1}).then(({counts}) => {
      if (shown.alerts) { shown.alerts.counts = counts; replace($('inbox').querySelector('.tabs'), ...inbox.tabs(read(), counts).childNodes); drawTop(); }
    }));
  }
  if (type === 'flow' && !mapTimer && $('middle')) mapTimer = setTimeout(() => {
    mapTimer = 0;
    const reading = $('middle')?.contains(document.activeElement) && !document.activeElement.closest('.ribbon');
    if ($('middle') && !reading) guard(beside().then(parts => parts.loadMiddle(true)));
  }, 5000);
});

onChange(draw);
new ResizeObserver(() => { drawBeside(); if (replay && $('entry')) guard(replay.show($('page'))); }).observe(document.body);

const started = ask('/api/status');
draw();
guard(started.then(status => {
  shown.status = status;
  shown.review = status.review;
  drawTop();
  drawFoot();
  drawInbox();
  live.start(status.indexed);
  if (status.what_if) guard(askVerified());
}));
