// What the tests share: a log, a dashboard over it, a browser.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, existsSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {once} from 'node:events';

const schema = join(process.env.SOURCE, 'monitor/log/schema.sql');

function line(stream, fits) {
  return new Promise((resolve, reject) => {
    let text = '';
    const ended = () => reject(new Error(`ended without the line that was waited for: ${text}`));
    const look = part => {
      text += part;
      const found = text.split('\n').find(fits);
      if (found === undefined) return;
      stream.off('data', look).off('end', ended);
      resolve(found);
    };
    stream.on('data', look).on('end', ended);
  });
}

export const folder = () => mkdtempSync(join(tmpdir(), 'sharewatch-browser-'));

// Writes a log; with `follow` the writer goes on, an event each so many milliseconds, until stopped.
export async function makeLog(path, events, {seed = 7, follow = 0} = {}) {
  const extra = follow ? ['--follow', String(follow)] : [];
  const child = spawn(process.env.MAKE_LOG, [schema, path, String(events), String(seed), ...extra], {stdio: ['pipe', 'pipe', 'inherit']});
  if (!follow) {
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`make_log ended with ${code}`);
    return null;
  }
  await line(child.stdout, text => text === 'following');
  return {stop: async () => { child.stdin.end(); await once(child, 'exit'); }};
}

// Starts the dashboard; `url` is its one-time link, `origin` its address.
export async function dashboard(log, options = []) {
  const child = spawn(process.env.DASHBOARD, ['dashboard', '--log', log, '--listen', '127.0.0.1:0', '--as', 'm.ortiz', ...options], {stdio: ['ignore', 'pipe', 'pipe']});
  let errors = '';
  child.stderr.on('data', part => { errors += part; }); child.on('exit', (code, signal) => { if (signal && signal !== 'SIGTERM' || code) process.stderr.write('dashboard ended: ' + code + ' ' + signal + ' ' + errors + '\n'); });
  const said = await line(child.stdout, text => text.includes('http'));
  const url = said.match(/https?:\S+/)[0];
  let next = url; // the link that works now
  child.stdout.on('data', part => { next = part.toString().match(/https?:\S+/)?.[0] ?? next; });
  child.stdout.resume();
  return {
    url, origin: new URL(url).origin, port: Number(new URL(url).port), child, errors: () => errors, link: () => next,
    stop: async () => { if (child.exitCode == null) { child.kill('SIGTERM'); await once(child, 'exit'); } return child.exitCode; },
  };
}

// The session cookie, for requests without a browser.
export async function signIn(server) {
  const answer = await fetch(server.url, {redirect: 'manual'});
  return answer.headers.get('set-cookie').split(';')[0];
}

export const remove = path => rmSync(path, {recursive: true, force: true});
export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function browser() {
  const {chromium} = await import('playwright-core');
  const executablePath = programs.find(existsSync);
  if (!executablePath) throw new Error('no Chromium; install it with: apt-get install chromium');
  return chromium.launch({executablePath, args: flags});
}
