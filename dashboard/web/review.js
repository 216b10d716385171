// Acknowledge, escalate, close, note, open again, undo: each says what it changed.

import {h, $, number, plural, replace, dutyWord, say} from './dom.js';
import {post} from './state.js';

const done = {
  acknowledge: 'acknowledged', escalate: 'escalated', close: 'closed', reopen: 'opened again', note: 'noted', duty: 'recorded',
  undo: 'put back',
};
const REASONS = ['allowed by rule', 'error in source', 'referred', 'duplicate'];
const undoable = []; // lists of batches

const words = (action, {changed, skipped, left}) => [`${plural(changed, 'alert')} ${done[action]}`,
  skipped > 0 && `${number(skipped)} left as they were`, left > 0 && `${number(left)} more fit the filter: do it again for these`].filter(Boolean).join('; ');

// Asks for one thing after the other, and says what all of it changed. What one key did, one undo takes back.
export async function review(requests, after, afterUndo = after) {
  const sums = new Map(), batches = [];
  let refused = null;
  for (const {body, headers} of requests) {
    try {
      const result = await post('/api/reviews', body, headers);
      const sum = sums.get(body.action) ?? {changed: 0, skipped: 0, left: 0};
      for (const key of Object.keys(sum)) sum[key] += result[key];
      sums.set(body.action, sum);
      if (result.changed > 0 && !['undo', 'note', 'duty'].includes(body.action)) batches.push(result.batch);
    } catch (problem) { refused = problem; break; }
  }
  if (batches.length) undoable.push(batches);
  const said = [...sums].map(([action, sum]) => words(action, sum)).join('; ');
  say([said && `${said}.`, refused?.message].filter(Boolean).join(' '), batches.length > 0 && h('button', {onclick: () => undo(afterUndo)}, 'Undo (u)'));
  await after();
}

export async function undo(after) {
  const batches = undoable.pop();
  if (!batches) { say('There is nothing to take back on this page.'); return; }
  await review(batches.reverse().map(batch => ({body: {action: 'undo', batch}})), after);
}

// The form under an alert's buttons: a note, or a reason for closing.
export function form(action, title, submit) {
  const box = $('act-form');
  if (!box) return;
  const note = h('textarea', {id: 'note-text', rows: 3, maxlength: 1000, required: action === 'note'});
  const close = () => replace(box);
  replace(box, h('form', {class: 'act', onsubmit: event => {
    event.preventDefault();
    const body = {note: note.value};
    if (action === 'close') body.reason = new FormData(event.target).get('reason');
    close();
    submit(body);
  }},
  action === 'close' && h('fieldset', {}, h('legend', {}, 'Why can this be closed?'), REASONS.map((reason, at) =>
    h('label', {}, h('input', {type: 'radio', name: 'reason', value: reason, checked: at === 0}), reason))),
  h('label', {for: 'note-text'}, action === 'note' ? 'Note. No names, plates or numbers of persons.' : 'Note, if there is more to say'), note,
  h('div', {class: 'actions'}, h('button', {class: 'main'}, title), h('button', {type: 'button', onclick: close}, 'Cancel'))));
  box.querySelector(action === 'close' ? 'input' : 'textarea').focus();
}

export const dutyName = duty => dutyWord[duty] ?? duty;
