// Puts the parts together: reads the URL, asks the server, draws, and keeps up with the live stream.

import {h, s, $, replace, number, plural, full, ago} from './dom.js';
import {RANGES, read, link, go, onChange, ask} from './state.js';
import * as inbox from './inbox.js';
import * as live from './live.js';
import * as keys from './keys.js';
import {review, undo, form, say} from './review.js';

// What the first alert does not need is fetched after it.
let flows = null, panels = null;

async function loadParts() {
  [flows, panels] = await Promise.all([import('./flows.js'), import('./detail.js')]);
}

const shown = {alerts: null, bins: null, flows: null, alert: null, status: null, link: 'off', pending: [], picked: new Set(), keys: {}, scroll: new Map(), review: 0};

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

function drawFoot() {
  const status = shown.status;
  if (!status) return;
  const behind = status.run && !status.run.ended && status.logged ? Math.max(0, status.now - status.logged) : null;
  const hint = (key, word) => h('span', {}, h('kbd', {}, key), word);
  replace($('foot'), h('div', {class: 'states'},
    shown.link === 'lost' && h('b', {class: 'alarm'}, 'Link lost: what you see may be old'),
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

const view = {
  get newest() { return shown.status?.newest ?? Date.now(); },
  get picked() { return shown.picked; },
  get reviewable() { return shown.status?.reviewable !== 0 && shown.status?.role !== 'reader'; },
  pick(id, on) { if (on) shown.picked.add(id); else shown.picked.delete(id); drawBulk(); },
  more: () => loadMore(),
  act: action => act(action),
  duty: duty => review([{body: {action: 'duty', ids: [read().alert], duty}}], refresh),
};

function drawInbox() {
  const pane = $('inbox');
  if (!pane || !shown.alerts) return;
  const state = read(), scroll = $('list')?.scrollTop ?? shown.scroll.get(shown.keys.inbox) ?? 0;
  const focused = document.activeElement?.closest?.('.card')?.dataset.id;
  replace(pane,
    h('div', {class: 'pane-head'}, h('h1', {}, state.q ? `Alerts with “${state.q}”` : 'Alerts'),
      state.q && h('a', {href: link({q: ''})}, 'Clear'),
      inbox.exportLink('alerts', state)),
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
    h('button', {class: 'main', onclick: () => act('acknowledge'), disabled: !view.reviewable}, 'Acknowledge'), h('button', {onclick: () => act('escalate'), disabled: !view.reviewable}, 'Escalate'),
    h('button', {onclick: pickNone}, 'None')));
  for (const card of document.querySelectorAll('.card')) {
    const picked = shown.picked.has(card.dataset.id);
    card.classList.toggle('picked', picked);
    card.querySelector('.pick').checked = picked;
  }
}

async function loadInbox(force) {
  const state = read(), key = JSON.stringify(listQuery(state));
  if (!force && shown.keys.inbox === key && shown.alerts) { drawInbox(); return; }
  if (shown.keys.inbox !== key) shown.picked.clear();
  const range = {range: state.range};
  const first = ask('/api/alerts', listQuery(state));
  const second = ask('/api/histogram', range);
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

// The map and what stands below it.

const widthOf = element => Math.max(340, Math.floor(element.clientWidth - 58)); // paddings and borders of pane and panel

function drawMiddle() {
  const pane = $('middle');
  if (!pane || !shown.flows) return;
  const state = read(), width = Math.max(widthOf(pane), matchMedia('(max-width: 700px)').matches ? 640 : 0);
  const asTable = state.view === 'table';
  const {plan, svg} = flows.drawMap(shown.flows, state, width);
  const kept = plan.kept.reduce((sum, flow) => sum + flow.n, 0);
  const scroll = pane.scrollTop, focus = document.activeElement?.closest?.('.ribbon')?.getAttribute('aria-label');
  replace(pane,
    h('section', {class: 'panel', 'aria-labelledby': 'map-title'},
      h('header', {}, h(state.page === 'flows' ? 'h1' : 'h2', {id: 'map-title'}, 'Where records crossed'), flows.legend(shown.flows), asTable && flows.tableExport(state),
        h('a', {class: 'button', href: link({view: asTable ? 'map' : 'table'}), 'aria-keyshortcuts': 'v'}, asTable ? 'View as map' : 'View as table')),
      shown.flows.flows.length === 0 ? h('p', {class: 'empty'}, 'Nothing moved in this range. ', h('a', {href: link({range: 'all'})}, 'Show all of the log'))
        : asTable ? flows.table(shown.flows, state) : [h('div', {class: 'map-scroll'}, svg),
          h('p', {class: 'note'}, `Width is the square root of the count.${kept ? ` ${plural(kept, 'record')} that went back or that no column holds ${kept === 1 ? 'is' : 'are'} in the table only.` : ''}`)]),
    state.flow && flows.chosen(shown.flows, state),
    shown.alert && state.alert === shown.alert.id && panels.timeline(shown.alert, width),
    flows.matrix(shown.flows));
  pane.scrollTop = scroll;
  if (focus) [...pane.querySelectorAll('.ribbon')].find(ribbon => ribbon.getAttribute('aria-label') === focus)?.focus({preventScroll: true});
}

async function loadMiddle(force) {
  // Never filtered by verdict: the counts need what they are a part of, and the map would not stay.
  const query = {range: read().range}, key = JSON.stringify(query);
  await loadParts();
  if (force || shown.keys.middle !== key || !shown.flows) {
    const data = await ask('/api/flows', query);
    if (JSON.stringify({range: read().range}) !== key) return;
    shown.flows = data;
    shown.keys.middle = key;
  }
  drawMiddle();
}

// The chosen alert.

function drawDetail() {
  const pane = $('detail');
  if (!pane) return;
  const state = read();
  if (state.alert && shown.alert?.id !== state.alert) return; // it is on its way
  if (!state.alert) {
    replace(pane, h('p', {class: 'empty'}, 'Choose an alert to read what happened, hop by hop, and under which rule. ', h('kbd', {}, 'j'), ' takes the first.'));
    return;
  }
  // A note that is being written is not taken away by what somebody else does.
  if ($('act-form')?.dataset.alert === state.alert && $('act-form').querySelector('form')) return;
  replace(pane, panels.detail(shown.alert, view, state.page === 'alerts' || matchMedia('(max-width: 1240px)').matches ? 'h1' : 'h2'));
}

async function loadDetail(force) {
  const id = read().alert;
  document.body.classList.toggle('has-alert', Boolean(id));
  if (!id) { shown.alert = null; shown.keys.detail = ''; drawDetail(); return; }
  if (force || shown.keys.detail !== id) {
    shown.keys.detail = id;
    let alert;
    try { alert = await ask(`/api/alerts/${encodeURIComponent(id)}`); } catch (problem) { shown.keys.detail = ''; throw problem; }
    if (read().alert !== id) return; // the reader has gone on
    shown.alert = alert;
    if (!force && $('detail')) $('detail').scrollTop = 0;
  }
  await loadParts();
  if (read().alert !== id) return;
  drawDetail();
}

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

function fail(problem) {
  const place = $('page') ?? $('detail') ?? $('main');
  if (problem.status === 401) { location.reload(); return; }
  if (problem.status === 404 && place) replace(place, h('p', {class: 'empty'}, problem.message)); else say(problem.message);
}

const guard = promise => promise.catch(fail);

// The module of a page that not everybody opens; what is not fetched yet has nothing to do.
let replay = null;

async function drawReplay() {
  replay ??= await import('./replay.js');
  if (read().page === 'replay' && $('page')) await replay.show($('page'));
}

// Draws anew while the log is being verified, until that is done or the reader has gone on.
async function drawIntegrity(force) {
  const integrity = await import('./integrity.js');
  for (let as_of = force; ; as_of = '') {
    const [found, data] = await Promise.all([ask('/api/verify', {as_of}), ask('/api/integrity')]);
    if (read().page !== 'integrity' || !$('page')) return;
    const focused = document.activeElement?.id;
    replace($('page'), integrity.page(found, data, () => guard(drawIntegrity(Number.MAX_SAFE_INTEGER))));
    if (focused === 'verify-again') $('verify-again').focus({preventScroll: true});
    shown.verify = {...found, entry: found.entry === '0' ? shown.verify?.entry ?? '0' : found.entry};
    drawFoot();
    if (!found.running) return;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

async function drawPage(state) {
  const page = $('page');
  const at = JSON.stringify([state.page, state.id, location.search]);
  let content;
  // What only these pages need is fetched when one is opened; the first alert does not wait for it.
  const pages = await import('./pages.js'), whatIf = state.page === 'what-if' && await import('./whatif.js');
  if (state.page === 'events' && state.id) content = pages.event(await ask(`/api/events/${encodeURIComponent(state.id)}`));
  else if (state.page === 'events') content = pages.events(await ask('/api/events', {range: state.range, verdict: state.verdict, level: state.level, edge: state.edge, src: state.src, dst: state.dst, before: state.before, limit: 100}), state);
  else if (state.page === 'cases' && state.id) content = pages.oneCase(await ask(`/api/cases/${encodeURIComponent(state.id)}/timeline`), widthOf(page));
  else if (state.page === 'what-if') {
    const {packs} = await ask('/api/packs');
    const asked = state.b || state.without;
    if (asked && $('page')) replace($('page'), whatIf.form(packs, state), h('p', {class: 'empty', role: 'status'}, 'Judging every event again; a large log takes a minute.'));
    let below = null;
    if (asked) {
      try { below = whatIf.result(await ask('/api/what-if', {b: state.b, without: state.without})); } catch (problem) { below = h('p', {class: 'empty', role: 'alert'}, problem.message); }
    }
    content = [whatIf.form(packs, state), below].flat();
  }
  else if (state.page === 'cases') content = pages.cases(await ask('/api/cases'), state, draw);
  else content = pages.help();
  if (JSON.stringify([read().page, read().id, location.search]) === at && $('page')) { replace($('page'), content); $('page').scrollTop = 0; }
}

function draw() {
  const state = read();
  if ($('list')) shown.scroll.set(shown.keys.inbox, $('list').scrollTop);
  frame(state.page === 'inbox' || state.page === 'alerts' || state.page === 'flows' ? state.page : `${state.page} text`);
  drawTop();
  drawFoot();
  if (state.page === 'inbox') {
    const same = shown.keys.inbox === JSON.stringify(listQuery(state)) && $('list');
    const list = same ? (markChosen(), Promise.resolve()) : guard(loadInbox());
    guard(Promise.all([list, loadDetail()]).then(() => loadMiddle()).then(drawTop));
  } else if (state.page === 'alerts') guard(loadDetail().then(drawTop));
  else if (state.page === 'flows') guard(loadMiddle());
  else if (state.page === 'replay') guard(drawReplay());
  else if (state.page === 'integrity') guard(drawIntegrity(''));
  else guard(drawPage(state));
}

const refresh = () => guard(Promise.all([$('list') ? loadInbox(true) : null, read().alert ? loadDetail(true) : null]).then(drawTop));

// What keys and buttons do.

const cards = () => [...document.querySelectorAll('.card')];

function move(step) {
  const all = cards();
  if (!all.length) return;
  const at = all.findIndex(card => card.dataset.id === read().alert);
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  go(link({alert: next.dataset.id}), {replace: at >= 0});
  next.querySelector('a').focus({preventScroll: true});
}

// The alerts that an action is for: the selected ones, else the chosen one with its group.
function target(action) {
  const state = read();
  const card = shown.alerts?.alerts.find(alert => alert.id === state.alert);
  if (shown.picked.size > 0 && action !== 'note') {
    const groups = shown.alerts.alerts.filter(alert => shown.picked.has(alert.id));
    return {ids: groups.map(alert => alert.id), groups: state.in ? [] : groups.filter(alert => alert.count > 1)};
  }
  if (!state.alert) return null;
  return {ids: [state.alert], groups: card && !state.in && card.count > 1 && ['acknowledge', 'escalate', 'single'].includes(action) ? [card] : []};
}

// What an action asks of the server. A group is acted on as far as it was seen: what came later stays open.
function requests(action, aim, extra) {
  const state = read();
  const groups = new Set(aim.groups.map(alert => alert.id));
  const group = (name, alert) => ({body: {action: name, filter: new URLSearchParams({in: alert.group, state: alert.state, range: state.range}).toString(), seen: shown.alerts.log.head, ...extra}});
  if (action === 'single') return [{body: {action: 'escalate', ids: aim.ids}}, ...aim.groups.map(alert => group('acknowledge', alert))];
  const rest = aim.ids.filter(id => !groups.has(id));
  const match = aim.ids.length === 1 && shown.alert?.id === aim.ids[0] ? {'If-Match': `"${shown.alert.review}"`} : {};
  return [...aim.groups.map(alert => group(action, alert)), ...(rest.length ? [{body: {action, ids: rest, ...extra}, headers: match}] : [])];
}

async function perform(action, extra) {
  const aim = target(action);
  if (!aim) { say('Choose an alert first, with j or the pointer.'); return; }
  if (!view.reviewable) { say('Reviews are off: see the line below.'); return; }
  const state = read(), at = cards().findIndex(card => card.dataset.id === state.alert);
  await review(requests(action, aim, extra), () => settle(action, at, state.alert), refresh);
}

// The next alert takes the place of the one that left the list.
async function settle(action, at, id) {
  shown.picked.clear();
  if (action !== 'note' && $('list')) {
    await guard(loadInbox(true));
    const next = cards()[Math.min(at, cards().length - 1)];
    const gone = !cards().some(card => card.dataset.id === id);
    if (at >= 0 && gone) { go(link({alert: next?.dataset.id ?? ''}), {replace: true}); next?.querySelector('a').focus({preventScroll: true}); return; }
  }
  await refresh();
}

function act(action) {
  if (action === 'note' || action === 'close') {
    if (!read().alert) { say('Choose an alert first, with j or the pointer.'); return; }
    form(action, action === 'note' ? 'Save the note' : 'Close the alert', extra => perform(action, extra));
  } else perform(action, {});
}

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
  e: () => act('acknowledge'), s: () => act('escalate'), S: () => act('single'), c: () => act('close'), o: () => act('reopen'), n: () => act('note'), u: () => undo(refresh),
  x: () => { const id = read().alert; if (id) view.pick(id, !shown.picked.has(id)); },
  '* a': () => pickAll(() => true), '* n': pickNone,
  '* r': () => { const own = shown.alerts?.alerts.find(alert => alert.id === read().alert); if (own) pickAll(alert => alert.rule === own.rule); },
  '.': showNew, p: togglePause, Space: () => { if (read().page === 'replay') replay?.play(); else togglePause(); },
  ArrowLeft: onReplay('step', -1), ArrowRight: onReplay('step', 1), Home: onReplay('first'), End: onReplay('last'), 'Shift ArrowLeft': onReplay('alertBack'), 'Shift ArrowRight': onReplay('alertNext'), '[': () => stepRange(-1), ']': () => stepRange(1),
  t: () => $('range').focus(), '/': () => $('search').focus(), v: () => go(link({view: read().view === 'table' ? 'map' : 'table'})),
  y: () => navigator.clipboard?.writeText(location.href).then(() => say('The link is copied.'), () => say(location.href)),
  'g a': () => go(link({}, '/')), 'g f': () => go(link({}, '/flows')), 'g e': () => go(link({}, '/events')), 'g c': () => go(link({}, '/cases')), 'g r': () => go(link({}, '/replay')), 'g w': () => { if (shown.status?.what_if) go(link({}, '/what-if')); }, 'g i': () => { if (shown.status?.what_if) go(link({}, '/integrity')); }, 'g h': () => go(link({}, '/help')),
  '?': keys.help,
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
    if (read().alert) guard(loadDetail(true));
    if ($('list') && !shown.picked.size) guard(ask('/api/alerts', {...listQuery(read()), limit: 1}).then(({counts}) => {
      if (shown.alerts) { shown.alerts.counts = counts; replace($('inbox').querySelector('.tabs'), ...inbox.tabs(read(), counts).childNodes); drawTop(); }
    }));
  }
  if (type === 'flow' && !mapTimer && $('middle')) mapTimer = setTimeout(() => {
    mapTimer = 0;
    const reading = $('middle')?.contains(document.activeElement) && !document.activeElement.closest('.ribbon');
    if ($('middle') && !reading) guard(loadMiddle(true));
  }, 5000);
});

onChange(draw);
new ResizeObserver(() => { if ($('middle') && shown.flows) drawMiddle(); if (replay && $('entry')) guard(replay.show($('page'))); }).observe(document.body);

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
