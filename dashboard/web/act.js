// What keys and buttons do to alerts: to which of them, and what stands on the page afterwards.

import {$, say} from './dom.js';
import {read, link, go} from './state.js';
import {shown, view, guard, cards, refresh, loadInbox} from './app.js';
import {review, undo, form} from './review.js';

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

export function act(action) {
  if (action === 'note' || action === 'close') {
    if (!read().alert) { say('Choose an alert first, with j or the pointer.'); return; }
    form(action, action === 'note' ? 'Save the note' : 'Close the alert', extra => perform(action, extra));
  } else perform(action, {});
}


export const duty = name => review([{body: {action: 'duty', ids: [read().alert], duty: name}}], refresh);
export const takeBack = () => undo(refresh);
