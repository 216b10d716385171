// Keys for triage. Off in fields and dialogs, and off altogether when the reader says so.

import {h, $, replace} from './dom.js';

export const KEYS = [
  ['j', 'Next alert'], ['k', 'Previous alert'], ['Enter', 'Open it, full width'], ['Esc', 'Back'],
  ['e', 'Acknowledge'], ['s', 'Escalate'], ['S', 'Escalate this one, acknowledge the others of its group'], ['c', 'Close, with a reason'], ['o', 'Open again'], ['n', 'Note'], ['u', 'Undo'],
  ['x', 'Select'], ['* a', 'Select all that are shown'], ['* n', 'Select none'], ['* r', 'Select those of the same rule'],
  ['.', 'Show new alerts'], ['Space', 'Pause or go on live, as p does; on the replay page: play or pause'],
  ['← →', 'Replay: an entry back, forward'], ['Shift ← →', 'Replay: an alert back, forward'], ['[', 'Shorter range'], [']', 'Longer range'], ['t', 'Range of time'], ['/', 'Search'], ['y', 'Copy the link'], ['v', 'Map or table'],
  ['g a', 'Go to alerts'], ['g f', 'Go to the flow map'], ['g e', 'Go to entries'], ['g c', 'Go to cases'], ['g r', 'Go to replay'], ['g w', 'Go to what-if'], ['g i', 'Go to integrity'], ['g h', 'Go to help'],
  ['?', 'All keys'],
];

const PREFIX = ['g', '*'];
const NAMES = {Escape: 'Esc', ' ': 'Space'};
// What these keys do by themselves on what has the focus comes first.
const SCROLLS = 'input, [role=region]';
const OWN = {
  Enter: 'a, button, summary, label, input', ' ': 'button, [role=button], summary, label, input:not([type=range]), [role=region]',
  ArrowLeft: SCROLLS, ArrowRight: SCROLLS, Home: SCROLLS, End: SCROLLS,
};
let prefix = '', timer = 0;
const off = () => localStorage.getItem('keys') === 'off';

export function start(commands) {
  addEventListener('keydown', event => {
    const field = event.target.closest?.('input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]');
    if (event.key === 'Escape' && field && !event.target.closest('dialog')) { event.target.blur(); return; }
    if (field || event.target.closest?.('dialog') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (off() && event.key !== '?') return;
    const jump = event.shiftKey && event.key.startsWith('Arrow');
    if (!jump && OWN[event.key] && event.target.closest?.(OWN[event.key])) return;
    // Shift tells s from S, not the lock of capitals.
    const letter = /^[a-z]$/i.test(event.key) && (event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase());
    const key = letter || (jump ? `Shift ${event.key}` : NAMES[event.key] ?? event.key);
    const name = prefix ? `${prefix} ${key}` : key;
    clearTimeout(timer);
    if (!prefix && PREFIX.includes(key)) {
      prefix = key;
      timer = setTimeout(() => { prefix = ''; }, 1500);
      return;
    }
    prefix = '';
    if (commands[name] && commands[name]() !== false) event.preventDefault();
  });
}

export function help() {
  const dialog = $('dialog');
  replace(dialog, h('h2', {id: 'dialog-title'}, 'Keys'),
    h('dl', {class: 'keys'}, KEYS.map(([key, what]) => h('div', {}, h('dt', {}, (key === 'S' ? ['Shift', 's'] : key.split(' ')).map(part => h('kbd', {}, part))), h('dd', {}, what)))),
    h('label', {}, h('input', {type: 'checkbox', checked: !off(), onchange: event => localStorage.setItem('keys', event.target.checked ? 'on' : 'off')}), 'Single keys do something'),
    h('form', {method: 'dialog'}, h('button', {class: 'main'}, 'Close')));
  dialog.showModal();
}
