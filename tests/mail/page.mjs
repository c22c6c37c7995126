// axe-core over every HTML body of a folder, in a browser as wide as a mail: node page.mjs FOLDER
// A page with faults on purpose comes first: axe-core has to find them.
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BAD = ['image-alt', 'html-has-lang', 'color-contrast', 'link-name', 'document-title', 'empty-heading'];
const BAD_PAGE = '<!DOCTYPE html><html><body><img src="data:,"><p style="color:#ccc">pale</p><h1></h1><a href="#x"></a></body></html>';
// A mail is shown inside the page of a mail program, which has the landmarks.
const rules = { region: { enabled: false }, 'landmark-one-main': { enabled: false } };

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  userDataDir: mkdtempSync(join(tmpdir(), 'mail-check-')),
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
await page.setViewport({ width: 600, height: 900 });

async function faults(html) {
  await page.setContent(html);
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => globalThis.axe.run({ rules, resultTypes: ['violations'] }), rules);
  if (found.passes.length === 0) throw new Error('axe-core looked at nothing');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > 600);
  return [...found.violations.map(({ id, nodes }) => ({ id, first: nodes[0].html })), ...(wide ? [{ id: 'wider-than-600' }] : [])];
}

let wrong = 0;
const tell = (text) => {
  wrong += 1;
  console.log(text);
};
const found = (await faults(BAD_PAGE)).map(({ id }) => id);
for (const rule of BAD.filter((rule) => !found.includes(rule))) tell(`not found: ${rule}`);
if (!(await faults('<p style="width:700px">wide</p>')).some(({ id }) => id === 'wider-than-600')) tell('not found: too wide');

const folder = process.argv[2];
const names = readdirSync(folder).filter((name) => name.endsWith('.html')).sort();
if (names.length === 0) tell('there is no HTML body');
for (const name of names) {
  for (const { id, first } of await faults(readFileSync(join(folder, name), 'utf8'))) tell(`${name}: ${id} ${first?.slice(0, 200) ?? ''}`);
}
await browser.close();
console.log(`${names.length} HTML bodies and two bad ones checked`);
console.log(`goal=S10-mail measured=${wrong} target=0 ${wrong ? 'fail' : 'pass'}`);
process.exitCode = wrong ? 1 : 0;
