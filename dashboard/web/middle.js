// What stands beside the inbox: the map with what is below it, and the chosen alert. None of it is
// needed for the first alert, so this module and the styles are fetched after it.

import {h, $, replace, plural} from './dom.js';
import {read, link, ask} from './state.js';
import {shown, view, styled} from './app.js';
import {exportLinks} from './inbox.js';
import * as flows from './flows.js';
import * as panels from './detail.js';

const widthOf = element => Math.max(340, Math.floor(element.clientWidth - 58)); // paddings and borders of pane and panel

export function drawMiddle() {
  const pane = $('middle');
  if (!pane || !shown.flows) return;
  const state = read(), width = Math.max(widthOf(pane), 620);
  const asTable = state.view === 'table';
  const {plan, svg} = flows.drawMap(shown.flows, state, width);
  const kept = plan.kept.reduce((sum, flow) => sum + flow.n, 0);
  const scroll = pane.scrollTop, focus = document.activeElement?.closest?.('.ribbon')?.getAttribute('aria-label');
  replace(pane,
    h('section', {class: 'panel', 'aria-labelledby': 'map-title'},
      h('header', {}, h(state.page === 'flows' ? 'h1' : 'h2', {id: 'map-title'}, 'Where records crossed'), flows.legend(shown.flows), state.page === 'flows' && exportLinks('/flows'),
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

export async function loadMiddle(force) {
  // Never filtered by verdict: the counts need what they are a part of, and the map would not stay.
  const query = {range: read().range}, key = JSON.stringify(query);
  await styled();
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

export async function loadDetail(force) {
  const id = read().alert;
  if (!id) { shown.alert = null; shown.keys.detail = ''; drawDetail(); return; }
  if (force || shown.keys.detail !== id) {
    shown.keys.detail = id;
    let alert;
    try { alert = await ask(`/api/alerts/${encodeURIComponent(id)}`); } catch (problem) { shown.keys.detail = ''; throw problem; }
    if (read().alert !== id) return; // the reader has gone on
    shown.alert = alert;
    if (!force && $('detail')) $('detail').scrollTop = 0;
  }
  await styled();
  if (read().alert !== id) return;
  drawDetail();
}
