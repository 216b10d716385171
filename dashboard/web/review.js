// Acknowledge, escalate, close, note, open again, undo: each says what it changed.

import {h, $, number, plural, replace, dutyWord} from './dom.js';
import {post} from './state.js';

const done = {
  acknowledge: 'acknowledged', escalate: 'escalated', close: 'closed', reopen: 'opened again', note: 'noted', duty: 'recorded',
  undo: 'put back',
};
const REASONS = ['allowed by rule', 'error in source', 'referred', 'duplicate'];
let undoable = [];
let hide = 0;

export function say(text, action) {
  clearTimeout(hide);
  replace($('say'), h('span', {}, text), action ?? '');
  $('say').classList.add('shown');
  hide = setTimeout(() => { $('say').classList.remove('shown'); replace($('say')); }, 12000);
}

export async function review(body, headers, after) {
  try {
    const result = await post('/api/reviews', body, headers);
    if (result.batch && body.action !== 'undo') undoable.push(result.batch);
    const parts = [`${plural(result.changed, 'alert')} ${done[body.action]}`];
    if (result.skipped) parts.push(`${number(result.skipped)} left as they were`);
    if (result.left) parts.push(`${number(result.left)} more fit the filter: do it again for these`);
    const can = result.changed > 0 && !['undo', 'note', 'duty'].includes(body.action);
    say(`${parts.join('; ')}.`, can && h('button', {onclick: () => undo(after)}, 'Undo (u)'));
    await after(result);
    return result;
  } catch (problem) {
    say(problem.message);
    if (problem.status === 409) await after(null);
    return null;
  }
}

export async function undo(after) {
  const batch = undoable.pop();
  if (!batch) { say('There is nothing to take back on this page.'); return; }
  await review({action: 'undo', batch}, {}, after);
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
