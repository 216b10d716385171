// Keys for triage. Off in fields and dialogs, and off altogether when the reader says so.

const PREFIX = ['g', '*'];
const NAMES = {Escape: 'Esc', ' ': 'Space'};
// What these keys do by themselves on what has the focus comes first.
const SCROLLS = 'input, [role=region]';
const OWN = {
  Enter: 'a, button, summary, label, input', ' ': 'button, [role=button], summary, label, input:not([type=range]), [role=region]',
  ArrowLeft: SCROLLS, ArrowRight: SCROLLS, Home: SCROLLS, End: SCROLLS,
};
let prefix = '', timer = 0;
export const off = () => localStorage.getItem('keys') === 'off';

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

export const help = async () => (await import('./keyhelp.js')).help();
