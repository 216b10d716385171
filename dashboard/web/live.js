// The live stream: one connection while the page is visible, resumed after the last alert it saw.

const listeners = [];
let source = null, last = null, paused = false, state = 'off';

export const onLive = callback => listeners.push(callback);
const tell = (type, data) => listeners.forEach(callback => callback(type, data));

function set(next) {
  if (state !== next) { state = next; tell('link', {state}); }
}

function open() {
  if (source || document.hidden) return;
  const url = new URL('/api/live', location.origin);
  if (last != null) url.searchParams.set('after', last);
  source = new EventSource(url);
  source.onopen = () => set(paused ? 'paused' : 'live');
  source.onerror = () => {
    set('lost');
    if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(open, 3000); }
  };
  for (const type of ['alert', 'review', 'flow', 'status', 'gap', 'bye']) {
    source.addEventListener(type, event => {
      const data = JSON.parse(event.data);
      if (type === 'alert' || type === 'gap') last = event.lastEventId;
      if (type === 'bye') set('lost');
      if (!paused || type === 'status' || type === 'bye') tell(type, data);
    });
  }
}

function close() {
  source?.close();
  source = null;
}

export function start(head) {
  last = head;
  open();
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
}

// A pause costs nothing: the log keeps all, and going on starts after the last alert that was told.
export function pause() {
  paused = !paused;
  if (paused) { close(); set('paused'); } else open();
  return paused;
}
