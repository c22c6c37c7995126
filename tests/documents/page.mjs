// axe-core over every HTML document of a folder, in a browser: node page.mjs FOLDER
// A page with faults on purpose comes first: axe-core has to find them.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// What each of them breaks.
const BAD = ['image-alt', 'html-has-lang', 'color-contrast', 'empty-heading', 'link-name', 'document-title'];
const BAD_PAGE = '<!DOCTYPE html><html><body><img src="x.png"><p style="color:#ccc">pale</p><h1></h1><a href="#x"></a></body></html>';

async function faults(page) {
  await page.evaluate(axe);
  // Everything axe-core knows, best practices too; what it cannot decide by itself is no fault.
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  if (passes.length === 0) throw new Error('axe-core looked at nothing');
  return violations;
}

const folder = process.argv[2];
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update'],
});
let wrong = 0;
const tell = (text) => {
  wrong += 1;
  console.log(text);
};
const page = await browser.newPage();
await page.setContent(BAD_PAGE);
const found = (await faults(page)).map((one) => one.id);
for (const rule of BAD.filter((rule) => !found.includes(rule))) tell(`not found: ${rule}`);

const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));
if (files.length === 0) tell('there is no HTML document');
for (const name of files.sort()) {
  const requests = [];
  const listen = (request) => requests.push(request.url());
  page.on('request', listen);
  await page.goto(pathToFileURL(join(folder, name)).href);
  page.off('request', listen);
  if (requests.length !== 1) tell(`${name} asks for ${requests.slice(1).join(', ')}`);
  for (const { id, help, nodes } of await faults(page)) {
    tell(`${name}: ${id}: ${help}, ${nodes.length} times, first ${nodes[0].html.slice(0, 200)}`);
  }
}
await browser.close();
console.log(`${files.length} HTML documents and a bad one checked`);
console.log(`goal=S10-html measured=${wrong} target=0 ${wrong ? 'fail' : 'pass'}`);
process.exitCode = wrong ? 1 : 0;
