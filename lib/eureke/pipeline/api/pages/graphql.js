"use strict";
const at = (id) => document.getElementById(id);
const FIELDS = "{ __schema { types { name fields { name type { name kind ofType { name } } } } } }";

async function ask(query, variables) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${at("token").value}` },
    body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

async function show() {
  at("answer").textContent = "…";
  try {
    const variables = JSON.parse(at("variables").value || "{}");
    at("answer").textContent = JSON.stringify(await ask(at("query").value, variables), null, 2);
    if (!at("fields").children.length) await list();
  } catch (error) {
    at("answer").textContent = String(error);
  }
}

async function list() {
  const told = await ask(FIELDS, {});
  for (const type of told.data?.__schema.types ?? []) {
    if (type.name.startsWith("__") || !type.fields) continue;
    for (const field of type.fields) {
      const item = document.createElement("li");
      item.textContent = `${type.name}.${field.name}: ${field.type.name ?? field.type.ofType?.name ?? "list"}`;
      at("fields").append(item);
    }
  }
  at("note").hidden = at("fields").children.length > 0;
}

at("ask").addEventListener("click", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey) show();
});
