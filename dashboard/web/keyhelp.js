// The list of all keys, which says itself how to turn them off.

import {h, $, replace} from './dom.js';
import {off} from './keys.js';

const KEYS = [
  ['j', 'Next alert'], ['k', 'Previous alert'], ['Enter', 'Open it, full width'], ['Esc', 'Back'],
  ['e', 'Acknowledge'], ['s', 'Escalate'], ['S', 'Escalate this one, acknowledge the others of its group'], ['c', 'Close, with a reason'], ['o', 'Open again'], ['n', 'Note'], ['u', 'Undo'],
  ['x', 'Select'], ['* a', 'Select all that are shown'], ['* n', 'Select none'], ['* r', 'Select those of the same rule'],
  ['.', 'Show new alerts'], ['Space', 'Pause or go on live, as p does; on the replay page: play or pause'],
  ['← →', 'Replay: an entry back, forward'], ['Shift ← →', 'Replay: an alert back, forward'], ['[', 'Shorter range'], [']', 'Longer range'], ['t', 'Range of time'], ['/', 'Search'], ['y', 'Copy the link'], ['v', 'Map or table'],
  ['g a', 'Go to alerts'], ['g f', 'Go to the flow map'], ['g e', 'Go to entries'], ['g c', 'Go to cases'], ['g r', 'Go to replay'], ['g w', 'Go to what-if'], ['g i', 'Go to integrity'], ['g h', 'Go to help'],
  ['?', 'All keys'],
];

export function help() {
  const dialog = $('dialog');
  replace(dialog, h('h2', {id: 'dialog-title'}, 'Keys'),
    h('dl', {class: 'keys'}, KEYS.map(([key, what]) => h('div', {}, h('dt', {}, (key === 'S' ? ['Shift', 's'] : key.split(' ')).map(part => h('kbd', {}, part))), h('dd', {}, what)))),
    h('label', {}, h('input', {type: 'checkbox', checked: !off(), onchange: event => localStorage.setItem('keys', event.target.checked ? 'on' : 'off')}), 'Single keys do something'),
    h('form', {method: 'dialog'}, h('button', {class: 'main'}, 'Close')));
  dialog.showModal();
}
