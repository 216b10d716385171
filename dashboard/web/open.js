// Opens the pages beside the inbox: each asks the server, and is drawn by a module that is fetched then.

import {h, $, replace} from './dom.js';
import {read, ask} from './state.js';
import {shown, guard, draw, drawFoot, styled} from './app.js';

// Draws anew while the log is being verified, until that is done or the reader has gone on.
async function drawIntegrity(force) {
  const [integrity] = await Promise.all([import('./integrity.js'), styled()]);
  for (let as_of = force; ; as_of = '') {
    const [found, data] = await Promise.all([ask('/api/verify', {as_of}), ask('/api/integrity')]);
    if (read().page !== 'integrity' || !$('page')) return;
    const focused = document.activeElement?.id;
    replace($('page'), integrity.page(found, data, () => guard(drawIntegrity(Number.MAX_SAFE_INTEGER))));
    if (focused === 'verify-again') $('verify-again').focus({preventScroll: true});
    shown.verify = {...found, entry: found.entry === '0' ? shown.verify?.entry ?? '0' : found.entry};
    drawFoot();
    if (!found.running && data.read_to === data.entry) return;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

// A page of entries. The server looks at some thousands at a time; few of a large log may fit a filter.
async function entries(state) {
  const wanted = 100, until = performance.now() + 3000;
  let all = null;
  do {
    const part = await ask('/api/events', {range: state.range, verdict: state.verdict, level: state.level, edge: state.edge, src: state.src, dst: state.dst,
      before: all?.next ?? state.before, limit: wanted - (all?.events.length ?? 0)});
    all = {...part, events: [...all?.events ?? [], ...part.events], looked_at: (all?.looked_at ?? 0) + part.looked_at};
  } while (all.next && all.events.length < wanted && performance.now() < until && read().page === 'events');
  return all;
}

async function drawPage(state) {
  const page = $('page');
  const at = JSON.stringify([state.page, state.id, location.search]);
  let content;
  const [pages, whatIf] = await Promise.all([import('./pages.js'), state.page === 'what-if' && import('./whatif.js'), styled()]);
  if (state.page === 'events' && state.id) content = pages.event(await ask(`/api/events/${encodeURIComponent(state.id)}`));
  else if (state.page === 'events') content = pages.events(await entries(state), state);
  else if (state.page === 'cases' && state.id) content = pages.oneCase(await ask(`/api/cases/${encodeURIComponent(state.id)}/timeline`), page.clientWidth - 58);
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

export const open = state => state.page === 'integrity' ? drawIntegrity('') : drawPage(state);
