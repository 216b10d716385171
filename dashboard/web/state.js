// What is shown is in the URL and nowhere else.

export const RANGES = [
  ['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days'], ['30d', 'Last 30 days'],
  ['365d', 'Last year'], ['all', 'All of the log'],
];
const DEFAULTS = {state: 'open', range: 'all', view: 'map'};
const KEEP = ['range'];

// An address that is no text names nothing.
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

export function read() {
  const url = new URL(location.href);
  const get = name => url.searchParams.get(name) ?? DEFAULTS[name] ?? '';
  const parts = url.pathname.split('/').filter(Boolean);
  const page = parts[0] === 'alerts' && !parts[1] ? 'inbox' : parts[0] ?? 'inbox';
  return {
    page,
    id: decoded(parts[1] ?? ''),
    state: get('state'), verdict: get('verdict'), level: get('level'), range: get('range'),
    alert: page === 'alerts' ? parts[1] : get('alert'),
    q: get('q'), edge: get('edge'), src: get('src'), dst: get('dst'), in: get('in'),
    flow: get('flow'), b: get('b'), without: get('without'), view: get('view'), before: get('before'), entry: get('entry'), speed: get('speed'),
  };
}

// The address of a view: the present one with `change`, or another page with what it keeps.
export function link(change, path) {
  const url = new URL(location.href);
  const next = new URL(path ?? url.pathname, url);
  for (const [name, value] of url.searchParams) {
    if (!path || KEEP.includes(name)) next.searchParams.set(name, value);
  }
  for (const [name, value] of Object.entries(change ?? {})) {
    if (value === '' || value == null || value === DEFAULTS[name]) next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  return next.pathname + next.search.replaceAll('%2C', ',').replaceAll('%7E', '~');
}

let draw = () => {};
export const onChange = callback => { draw = callback; };

export function go(address, {replace = false, quiet = false} = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  if (!quiet) draw();
}

addEventListener('popstate', () => draw());

// Links within the page change the URL without loading it anew.
addEventListener('click', event => {
  const anchor = event.target.closest?.('a');
  if (!anchor || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey ||
      event.shiftKey || event.altKey) return;
  const href = anchor.getAttribute('href');
  if (!href || href.startsWith('#') || /^[^?]*\.(csv|json)(\?|$)|^\/api\//.test(href) || anchor.hasAttribute('download')) return;
  const url = new URL(href, location.href);
  if (url.origin !== location.origin) return;
  event.preventDefault();
  go(url.pathname + url.search);
});

// Asks the server. Errors carry the server's own sentence.
export class Problem extends Error {
  constructor(error, status) {
    super([error.message, error.hint].filter(Boolean).join(' '));
    this.code = error.code;
    this.status = status;
  }
}

export async function ask(path, parameters = {}, options) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== '' && value != null) url.searchParams.set(name, value);
  }
  let answer;
  try {
    answer = await fetch(url, options);
  } catch {
    throw new Problem({code: 'link', message: 'The dashboard does not answer.', hint: 'It may have ended: look at its terminal.'}, 0);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(body.error ?? {message: `The server answered ${answer.status}.`}, answer.status);
  return body;
}

export const post = (path, body, headers = {}) => ask(path, {}, {
  method: 'POST', headers: {'Content-Type': 'application/json', ...headers}, body: JSON.stringify(body),
});
