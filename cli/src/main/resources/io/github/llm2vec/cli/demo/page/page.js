// SPDX-License-Identifier: Apache-2.0
//
// Asks Solr the three searches of searches.json and shows their hits side by side. Texts of
// documents, queries and errors are not to be trusted: they only ever become text nodes.
"use strict";

const ROWS = 5;
const MARK_START = "\ue000";
const MARK_END = "\ue001";
const SHOWN_CHARACTERS = 420;
const MAX_SENTENCES = 8;
// Encoding the sentences of the hits costs about as much as this many queries.
const SENTENCES_IF_FASTER_THAN_MS = 400;
const TRY_AGAIN_MS = 1500;

const byId = (id) => document.getElementById(id);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** An element with text or elements in it. */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** A failure with a message for people. */
class SolrFailure extends Error {
  constructor(status, message, retry) {
    super(message);
    this.status = status;
    this.retry = retry;
  }
}

/** Sends one request; what is wrong with it, or with Solr, becomes a SolrFailure. */
async function ask(path, params, signal) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      body: new URLSearchParams({ ...params, wt: "json" }),
      signal,
    });
  } catch (e) {
    if (e.name === "AbortError") {
      throw e;
    }
    throw new SolrFailure(0, "Solr does not answer. Is the demo still running?", false);
  }
  const body = await response.text();
  let answer = {};
  try {
    answer = JSON.parse(body);
  } catch {
    // Errors of the server around Solr are pages; the status says enough.
  }
  if (response.ok) {
    return answer;
  }
  const message = answer.error?.msg ?? `Solr answered with status ${response.status}.`;
  switch (response.status) {
    case 400:
      throw new SolrFailure(400, `Solr does not understand this query: ${message}`, false);
    case 404:
      throw new SolrFailure(404, "The collection is not there yet. Solr is still starting.", true);
    case 429:
      throw new SolrFailure(429, "Too many queries wait for the model.", true);
    case 503:
      throw new SolrFailure(503, `The model is not ready yet: ${message}`, true);
    default:
      throw new SolrFailure(response.status, message, false);
  }
}

/** As ask, for what mends itself: a model that is being loaded, a full queue. */
async function askPatiently(path, params, signal, waiting) {
  for (;;) {
    const started = performance.now();
    try {
      return { answer: await ask(path, params, signal), ms: performance.now() - started };
    } catch (e) {
      if (!e.retry) {
        throw e;
      }
      waiting(`${e.message} Trying again …`);
      await wait(TRY_AGAIN_MS);
      signal.throwIfAborted();
    }
  }
}

/** Text in which Solr put marks around words, as nodes. */
function marked(text) {
  const nodes = [];
  for (const part of text.split(MARK_START)) {
    const end = part.indexOf(MARK_END);
    if (end >= 0) {
      nodes.push(element("mark", "", part.slice(0, end)));
    }
    nodes.push(part.slice(end + 1));
  }
  return nodes;
}

/** As much of a text as is shown, from a little before its first mark. */
function shortened(text) {
  if (text.length <= SHOWN_CHARACTERS) {
    return text;
  }
  const from = Math.max(0, text.indexOf(MARK_START) - SHOWN_CHARACTERS / 4);
  let to = from + SHOWN_CHARACTERS;
  if (text.indexOf(MARK_END, to) >= 0 && text.lastIndexOf(MARK_START, to - 1) > text.lastIndexOf(MARK_END, to - 1)) {
    to = text.indexOf(MARK_END, to) + 1;
  }
  return (from > 0 ? "… " : "") + text.slice(from, to).trim() + (to < text.length ? " …" : "");
}

/** Sentences, roughly: to a stop before a blank, unless it is an initial's, or between a small letter and a capital. */
function sentences(text) {
  const cut = text.match(/.+?(?:(?<!\b[A-Z])[.!?]+(?=\s+\S)|(?<=[a-z)])\.(?=[A-Z])|$)/gs) ?? [];
  return cut.map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
}

/** How high a score is, in the digits that tell hits apart. */
function score(value) {
  return value >= 1 ? value.toFixed(2) : value.toFixed(4);
}

function hitElement(hit, highlights, wanted) {
  const title = highlights?.title?.[0] ?? hit.title ?? hit.id;
  const snippets = highlights?.text ?? [];
  const text = shortened(snippets.length ? snippets.join(" … ") : (hit.text ?? ""));
  const item = element("li", "hit");
  item.append(element("span", "score", element("span", "unseen", "score "), score(hit.score)));
  item.append(element("h3", "", ...marked(title)));
  const passage = element("p", "passage", ...marked(text));
  item.append(passage);
  if (hit.id === wanted) {
    item.classList.add("found");
    item.append(element("p", "note", "✓ the document that the example is about"));
  }
  return { item, passage, hit };
}

/** One column: heading, time, hits, and what was asked. */
class Column {
  constructor(search, collection) {
    this.search = search;
    this.path = collection + search.handler;
    this.time = element("span", "time");
    this.body = element("div", "");
    const heading = element("h2", "", search.title, this.time);
    heading.id = `column-${search.name}`;
    this.root = element("section", "column", heading, element("p", "about", search.about), this.body);
    this.root.setAttribute("aria-labelledby", heading.id);
    const asked = Object.entries(search.params)
      .filter(([name]) => name === "q")
      .map(([name, value]) => `${search.handler}?${name}=${value}`);
    const details = element("details", "", element("summary", "", "What Solr is asked"), element("pre", "", asked.join("\n")));
    this.root.append(details);
  }

  show(...children) {
    this.body.replaceChildren(...children);
  }

  async run(text, wanted, signal) {
    this.time.textContent = "…";
    const params = { ...this.search.params, qq: text, rows: ROWS, fl: "id,title,text,score" };
    try {
      const { answer, ms } = await askPatiently(this.path, params, signal, (message) =>
        this.show(element("p", "failure", message)),
      );
      this.time.textContent = `${ms.toFixed(0)} ms`;
      const hits = answer.response.docs.map((hit) => hitElement(hit, answer.highlighting?.[hit.id], wanted));
      this.show(
        hits.length
          ? element("ol", "", ...hits.map(({ item }) => item))
          : element("p", "nothing", "No document has any of these words."),
      );
      return { hits, ms };
    } catch (e) {
      if (e.name === "AbortError") {
        throw e;
      }
      this.time.textContent = "";
      this.show(element("p", "failure", e.message));
      return { hits: [], ms: Infinity };
    }
  }
}

/** The vector of a text, from the model that encodes the collection. */
async function vector(collection, text, role, signal) {
  const params = { action: "encode", model: "default", role, text };
  return (await ask(`${collection}/llm2vec`, params, signal)).vector;
}

/** Marks the sentence of each hit whose own vector is nearest to the query's. */
async function markSentences(collection, text, hits, signal) {
  const query = await vector(collection, text, "query", signal);
  for (const { passage, hit } of hits) {
    const parts = sentences(hit.text ?? "").slice(0, MAX_SENTENCES);
    let best = 0;
    let bestScore = -Infinity;
    for (let i = 0; i < parts.length && parts.length > 1; i++) {
      const values = await vector(collection, parts[i], "document", signal);
      const dot = values.reduce((sum, value, d) => sum + value * query[d], 0);
      if (dot > bestScore) {
        bestScore = dot;
        best = i;
      }
    }
    if (parts.length) {
      showSentence(passage, parts, best);
    }
  }
}

/** The best sentence with as much around it as there is room for. */
function showSentence(passage, parts, best) {
  let from = best;
  let to = best;
  let length = parts[best].length;
  for (let grown = true; grown; ) {
    grown = false;
    if (to + 1 < parts.length && length + parts[to + 1].length <= SHOWN_CHARACTERS) {
      length += parts[++to].length;
      grown = true;
    }
    if (from > 0 && length + parts[from - 1].length <= SHOWN_CHARACTERS) {
      length += parts[--from].length;
      grown = true;
    }
  }
  const nodes = [from > 0 ? "… " : ""];
  for (let i = from; i <= to; i++) {
    nodes.push(i === best ? element("mark", "sentence", parts[i]) : parts[i], " ");
  }
  passage.replaceChildren(...nodes, to + 1 < parts.length ? "…" : "");
}

/** Tells how far the model and the collection are, until nothing changes any more. */
async function watchState(collection) {
  const state = byId("state");
  let before = -1;
  for (;;) {
    try {
      const model = (await ask(`${collection}/llm2vec`, {})).models[0];
      const count = (await ask(`${collection}/select`, { q: "*:*", rows: 0 })).response.numFound;
      if (model.state === "FAILED") {
        state.textContent = `The model cannot be opened: ${model.failure}`;
        return;
      }
      const documents = `${count.toLocaleString("en")} documents`;
      if (model.state === "READY" && count > 0 && count === before) {
        state.textContent = `${documents}, vectors of ${model.dimensions} numbers, ${model.device}`;
      } else {
        state.textContent =
          model.state === "READY" ? `${documents} so far …` : "The model is being loaded …";
      }
      before = count;
    } catch (e) {
      state.textContent = e.message;
    }
    // Longer than documents take to become visible.
    await wait(4000);
  }
}

async function start() {
  const [{ collection, searches }, examples] = await Promise.all(
    ["searches.json", "examples.json"].map(async (file) => (await fetch(file)).json()),
  );
  const columns = searches.map((search) => new Column(search, collection));
  byId("columns").append(...columns.map((column) => column.root));
  let running = new AbortController();

  async function search(text) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const wanted = examples.find((example) => example.query === text)?.finds;
    history.replaceState(null, "", `?q=${encodeURIComponent(text)}`);
    byId("announcement").textContent = "Searching";
    try {
      const counts = [];
      let dense = { hits: [], ms: Infinity };
      // One after the other, so that no column's time holds another's.
      for (const column of columns) {
        const result = await column.run(text, wanted, signal);
        counts.push(`${column.search.title} ${result.hits.length}`);
        if (column.search.name === "meaning") {
          dense = result;
        }
      }
      byId("announcement").textContent = `Hits shown: ${counts.join(", ")}`;
      if (dense.ms < SENTENCES_IF_FASTER_THAN_MS) {
        await markSentences(collection, text, dense.hits, signal);
      }
    } catch (e) {
      // A newer search has taken over, or sentences could not be marked, which is no loss.
      if (e.name !== "AbortError") {
        console.warn(e);
      }
    }
    document.body.dataset.searched = text;
  }

  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("query").value.trim();
    if (text !== "") {
      search(text);
    }
  });
  for (const example of examples) {
    const button = element("button", "", example.query);
    button.type = "button";
    button.addEventListener("click", () => {
      byId("query").value = example.query;
      search(example.query);
    });
    byId("examples").querySelector("ul").append(element("li", "", button));
  }
  byId("examples").hidden = examples.length === 0;
  watchState(collection);
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    byId("query").value = asked;
    search(asked);
  }
}

start().catch((e) => {
  byId("state").textContent = `This page could not be started: ${e.message}`;
});
