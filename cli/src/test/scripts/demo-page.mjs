// SPDX-License-Identifier: Apache-2.0
//
// Looks at the demo's page in a real browser and takes the picture of README. Not part of the build.
//
//   bin/llm2vec demo                        (in another window)
//   npm install --no-save playwright-core   (anywhere above this file, or set NODE_PATH)
//   node cli/src/test/scripts/demo-page.mjs [--url http://127.0.0.1:8983/demo] [--example 1] \
//       [--scheme light|dark] [--picture docs/images/demo.png]
//
// CHROMIUM names the browser, /usr/bin/chromium by default. Ends with 1 and a reason if an example
// finds nothing by meaning, a document's text is taken for markup, an error of Solr is not shown,
// anything but the demo is asked, or the browser complains.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const { values: options } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8983/demo" },
    example: { type: "string", default: "1" },
    scheme: { type: "string", default: "light" },
    picture: { type: "string" },
  },
});
const origin = new URL(options.url).origin;
const update = `${origin}/solr/demo/update?commit=true`;
const hostile = {
  id: `"><img src=x onerror="document.title='taken'">`,
  title: "<script>document.title='taken'</script> zyxwv",
  text: "<b>zyxwv</b> &lt;i&gt; <img src=x onerror=\"document.title='taken'\">. <svg onload=\"document.title='taken'\"> zyxwv.",
};

function require(condition, message) {
  if (!condition) {
    throw new Error(message);
  }
}

async function post(body) {
  const answer = await fetch(update, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  require(answer.ok, `${update}: ${answer.status} ${await answer.text()}`);
}

/** Searches and waits until the last column, and the sentences, are there. */
async function search(page, text) {
  await page.evaluate(() => delete document.body.dataset.searched);
  await page.fill("#query", text);
  await page.press("#query", "Enter");
  await page.waitForFunction((t) => document.body.dataset.searched === t, text, { timeout: 60000 });
}

/** Answers the next search with an error, once, in the place of Solr. */
async function failOnce(page, status, msg) {
  let failed = false;
  await page.route("**/solr/demo/select", (route) => {
    if (failed || !route.request().postData()?.includes("qq=")) {
      return route.continue();
    }
    failed = true;
    return route.fulfill({ status, contentType: "application/json", body: JSON.stringify({ error: { msg } }) });
  });
}

/** A model that is being loaded is waited for; a query that is wrong is said to be so. */
async function lookAtErrors(page) {
  await page.goto(options.url);
  await page.waitForSelector(".column");
  await failOnce(page, 503, "model 'default' is LOADING");
  await page.fill("#query", "loading");
  await page.press("#query", "Enter");
  await page.getByText("The model is not ready yet: model 'default' is LOADING Trying again").waitFor();
  await page.waitForFunction(() => document.body.dataset.searched === "loading", null, { timeout: 60000 });
  require((await page.locator(".failure").count()) === 0, "a failure stays when Solr answers again");
  await page.unroute("**/solr/demo/select");
  await failOnce(page, 400, "no field <b>x</b>");
  await search(page, "wrong");
  const shown = await page.locator(".column .failure").allInnerTexts();
  require(shown.join() === "Solr does not understand this query: no field <b>x</b>", `shown: ${shown}`);
  await page.unroute("**/solr/demo/select");
}

async function look(page) {
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("request", (r) => r.url().startsWith(`${origin}/`) || complaints.push(`asked ${r.url()}`));
  await page.goto(options.url);
  await page.waitForSelector(".column");

  await post([hostile]);
  try {
    await search(page, "zyxwv");
    const shown = await page.locator(".column").first().innerText();
    require(shown.includes(hostile.title), `the title is not shown as it is: ${shown}`);
    require((await page.locator(".hit img, .hit script, .hit b, .hit svg").count()) === 0, "markup of a document is live");
    require((await page.title()) === "LLM2Vec in Solr", "a document's script ran");
  } finally {
    await post({ delete: { id: hostile.id } });
  }

  const examples = await page.locator("#examples button").allInnerTexts();
  require(examples.length === 3, `${examples.length} examples`);
  for (const example of examples) {
    await search(page, example);
    for (const column of await page.locator(".column").all()) {
      const title = await column.locator("h2").innerText();
      const hits = await column.locator("li.hit h3").allInnerTexts();
      console.log(`${example} | ${title} | ${hits.join(" · ")}`);
      // Words alone may miss what an example is about; that is what it shows.
      require(hits.length > 0 || title.startsWith("BM25"), `${title} finds nothing for '${example}'`);
    }
  }
  await search(page, examples[Number(options.example) - 1]);
  require((await page.locator("mark.sentence").count()) > 0, "no sentence is marked");
  require(complaints.length === 0, complaints.join("\n"));
  if (options.picture) {
    await page.evaluate(() => document.activeElement.blur());
    await page.screenshot({ path: options.picture });
    console.log(`wrote ${options.picture}`);
  }
}

const profile = mkdtempSync(join(tmpdir(), "demo-page-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1100, height: 680 },
  colorScheme: options.scheme,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  await lookAtErrors(await browser.newPage());
  await look(await browser.newPage());
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
