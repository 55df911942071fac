"use strict";
const made = (name, text) => Object.assign(document.createElement(name), { textContent: text });

function operation(method, path, told) {
  const details = made("details", "");
  const summary = made("summary", "");
  summary.append(made("b", method.toUpperCase()), `${path}  `, made("span", told.description ?? told.summary ?? ""));
  details.append(summary);
  for (const each of told.parameters ?? []) {
    details.append(made("p", `${each.name} (${each.in}${each.required ? ", required" : ""})`));
  }
  const shown = { requestBody: told.requestBody?.content, responses: Object.keys(told.responses ?? {}) };
  details.append(made("pre", JSON.stringify(shown, null, 2)));
  return details;
}

fetch("/schema/openapi.json").then((answer) => answer.json()).then((document_) => {
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, told] of Object.entries(methods)) {
      document.getElementById("operations").append(operation(method, path, told));
    }
  }
});
