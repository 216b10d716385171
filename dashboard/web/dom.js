// Elements, formats and words. Text enters the page as text nodes only.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter(child => child != null && child !== false));
  return element;
}

export const h = (name, attributes, ...children) =>
  fill(document.createElement(name), attributes, children);
export const s = (name, attributes, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);
export const $ = id => document.getElementById(id);

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(child => child != null && child !== false));
}

// Words. Shape, word and colour say the verdict; filled boxes and a word say the level.
export const VERDICTS = ['PROH', 'REVIEW', 'DISC', 'AUTO', 'FED', 'NONE'];
export const verdictWord = {
  PROH: 'Prohibited', REVIEW: 'Needs review', DISC: 'Discretionary', AUTO: 'Automatic',
  FED: 'Federal', NONE: 'No crossing',
};
export const levelWord = ['Stayed local', 'Searched', 'Matched', 'Informed', 'Custody'];
export const stateWord = {
  open: 'Open', escalated: 'Escalated', acknowledged: 'Acknowledged', closed: 'Closed',
};
export const dutyWord = {
  LOG_PURPOSE: 'Log purpose', SERVE_COPY: 'Serve copy', CONSENT_FORM: 'Consent form',
  REPORT_DOJ: 'Report to state', PUBLIC_RECORD: 'Public record', REVOKE_SHARE: 'Revoke share',
  FORUM: 'Hold forum',
};
export const modeWord = {
  automatic: 'runs by itself', mandated: 'law demands it', discretionary: 'a local choice',
  prohibited: 'a rule forbids it', third_party: 'through a third party', federal: 'inside federal hands',
  public: 'public',
};

const shapes = {
  PROH: 'M6 0.6 11.4 6 6 11.4 0.6 6Z',
  REVIEW: 'M6 1 11.6 11H0.4Z',
  DISC: 'M1.2 1.2H10.8V10.8H1.2Z',
  AUTO: 'M6 1a5 5 0 1 0 .001 0Z',
  FED: 'M6 1a5 5 0 1 0 .001 0ZM6 3.4a2.6 2.6 0 1 1-.001 0Z',
  NONE: 'M1 4.8H11V7.2H1Z',
};

export const glyph = verdict => s('svg', {
  class: `glyph v-${verdict}`, viewBox: '0 0 12 12', 'aria-hidden': 'true',
}, s('path', {d: shapes[verdict] ?? shapes.NONE}));

export const verdictTag = verdict => h('span', {class: `verdict t-${verdict}`}, glyph(verdict),
  verdictWord[verdict] ?? verdict);

export function levelTag(level) {
  const boxes = s('svg', {class: 'level-boxes', viewBox: '0 0 27 9', 'aria-hidden': 'true'},
    [0, 1, 2, 3].map(i => s('rect', {
      x: i * 7, y: 0, width: 5.6, height: 9, rx: 1, class: i < level ? 'full' : 'empty',
    })));
  return h('span', {class: 'level', title: `Level ${level} of 4`}, boxes, levelWord[level]);
}

// Numbers and times. Times are UTC, and say so where the reader could doubt.
const count = new Intl.NumberFormat('en-US');
export const number = value => count.format(value);
export const plural = (value, one, many) => `${number(value)} ${value === 1 ? one : many ?? `${one}s`}`;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = value => String(value).padStart(2, '0');

export const day = ms => `${MONTHS[new Date(ms).getUTCMonth()]} ${new Date(ms).getUTCDate()}`;
export const clock = ms => `${two(new Date(ms).getUTCHours())}:${two(new Date(ms).getUTCMinutes())}`;
export const moment = ms => `${day(ms)} ${clock(ms)}`;
export const full = ms => new Date(ms).toISOString().replace('.000Z', 'Z');

// Short beside an alert: the hour on the newest day of the log, else the date.
export function brief(ms, newest) {
  if (Math.floor(ms / 864e5) === Math.floor(newest / 864e5)) return clock(ms);
  const year = new Date(ms).getUTCFullYear();
  return year === new Date(newest).getUTCFullYear() ? day(ms) : `${day(ms)} ${year}`;
}

export const time = (ms, text) => h('time', {datetime: full(ms), title: `${full(ms)}`}, text);

export function span(ms) {
  const units = [['d', 864e5], ['h', 36e5], ['min', 6e4], ['s', 1e3]];
  const [name, unit] = units.find(([, size]) => Math.abs(ms) >= size) ?? ['ms', 1];
  return `${number(Math.round(ms / unit))} ${name}`;
}

export const ago = ms => ms < 1000 ? `${(ms / 1000).toFixed(2)} s` : span(ms);

// Names that people see for the technical ones.
export const spaced = text => text.replaceAll('_', ' ');
export const sentenceCase = text => text.charAt(0).toUpperCase() + text.slice(1);
export const pathParts = path => path.split(' › ');

// What was done, or could not be, stands above the footer for a while; `action` is a button beside it.
let hide = 0;

export function say(text, action) {
  clearTimeout(hide);
  replace($('say'), h('span', {}, text), action ?? '');
  $('say').classList.add('shown');
  hide = setTimeout(() => { $('say').classList.remove('shown'); replace($('say')); }, 12000);
}
