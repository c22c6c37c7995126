// Plays one query through the interface: signs in, drafts, launches, answers as another office, compiles and downloads.
// The types come from openapi/ahq.json; a field that is not there does not compile.
//   node main.js ADDRESS PASSWORD        against `ahq demo`, whose users it signs in as
import createClient from "openapi-fetch";
import type { components, paths } from "./ahq.js";

type Draft = components["schemas"]["QueryDraft"];

const [address, password] = process.argv.slice(2);
if (!address || !password) throw new Error("node main.js ADDRESS PASSWORD");

/** What came, with its ETag; a problem document becomes an error that says everything it says. */
function got<Data>(reply: { data?: Data; error?: unknown; response: Response }): { data: Data; etag: string } {
  if (reply.data === undefined) throw new Error(`${reply.response.url}: ${JSON.stringify(reply.error)}`);
  return { data: reply.data, etag: reply.response.headers.get("ETag") ?? "" };
}

async function signedIn(email: string, password: string) {
  const client = createClient<paths>({ baseUrl: `${address}/api/v1` });
  const { data } = got(await client.POST("/session", { body: { email, password } }));
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${data.accessToken}`);
      return request;
    },
  });
  return client;
}

const draft: Draft = {
  title: "Missing unaccompanied minors",
  topics: ["unaccompanied_minors"],
  questions: [
    { id: "q1", kind: "yes_no", text: "Does your country register missing unaccompanied minors?" },
    { id: "q2", kind: "number", text: "How many were registered?", unit: "persons", period: "2025" },
  ],
};

const luxembourg = await signedIn("coordinator.lu@example.org", password);
const austria = await signedIn("coordinator.at@example.org", password);

// The same key with the same body gives the same draft again: a repetition after a broken connection is harmless.
const header = { "Idempotency-Key": `example-${process.pid}-${Date.now()}` };
const created = got(await luxembourg.POST("/queries", { params: { header }, body: draft })).data;
const again = got(await luxembourg.POST("/queries", { params: { header }, body: draft })).data;
if (again.id !== created.id) throw new Error("a repeated request made a second draft");

const path = { query: created.id };
const read = async () => got(await luxembourg.GET("/queries/{query}", { params: { path } }));
const launched = got(
  await luxembourg.POST("/queries/{query}/launch", {
    params: { path, header: { "If-Match": (await read()).etag } },
    body: { addressed: "list", offices: ["AT"] },
  }),
).data;
if (!("number" in launched)) throw new Error("not launched");

const own = { query: created.id, office: "AT" };
got(
  await austria.PUT("/queries/{query}/responses/{office}", {
    params: { path: own },
    body: {
      answers: {
        q1: { yesNo: "yes", comment: "Since 2019." },
        q2: { number: { value: "1250", flag: "estimate" }, circle: "network" },
      },
    },
  }),
);
const response = got(await austria.GET("/queries/{query}/responses/{office}", { params: { path: own } }));
const submitted = await austria.POST("/queries/{query}/responses/{office}/submission", {
  params: { path: own, header: { "If-Match": response.etag } },
});
if (submitted.error) throw new Error(JSON.stringify(submitted.error));

// Everybody who was asked has answered, so nobody waits for the deadline.
const edition = got(
  await luxembourg.POST("/queries/{query}/editions", {
    params: { path, header: { "If-Match": (await read()).etag } },
  }),
).data;

const document = got(
  await luxembourg.GET("/queries/{query}/editions/{number}", {
    params: { path: { ...path, number: edition.number }, query: { circle: "network" } },
  }),
).data;
const page = got(
  await luxembourg.GET("/queries/{query}/editions/{number}", {
    params: { path: { ...path, number: edition.number }, query: { format: "html" } },
    parseAs: "text",
  }),
).data;
// The document is JSON unless another format was asked for.
if (typeof document === "string" || document.view.circle !== "network") throw new Error("not the network's view");
if (!page.includes("Since 2019.")) throw new Error("the page does not show the answer");
console.log(`TypeScript: query ${launched.number}, edition ${edition.number}, ${page.length} characters of HTML`);
