// What a rater agrees to, and what is asked of them before the first image: role and years, never a name.

import { make, makeButton, makeSheet, showScreen } from "./make.js";
import { Refused, begin } from "./server.js";

const ROLES = ["radiologist", "radiology resident", "other specialist", "other resident", "technologist or radiographer",
  "medical student", "scientist or engineer", "other"];
const MOST_EXPERTS = 12;
const TERMS = [
  "You will see medical images. Some are real, some were made by a computer. You say which are fake.",
  "Your answers are kept with their times, how your screen and browser showed each image, and your role and years of experience.",
  "Your name is not asked for and not kept.",
  "Taking part is voluntary. You may pause, close this page and open the same link later, or stop for good at any time.",
];

function makeExpert(number, isOnly) {
  const role = make("select", { required: true, name: "role" }, make("option", { value: "" }, "Choose…"),
    ...ROLES.map((one) => make("option", { value: one }, one)));
  const years = make("input", { type: "number", name: "years", min: 0, max: 80, step: 0.5, required: true, inputmode: "decimal" });
  return make("fieldset", {}, make("legend", {}, isOnly ? "About you" : `Expert ${number}`),
    make("label", { class: "field" }, "Role", role),
    make("label", { class: "field" }, "Years with such images", years));
}

function readExperts(form) {
  return [...form.querySelectorAll("fieldset")].map((one) => ({
    role: one.querySelector("select").value,
    years: Number(one.querySelector("input").value),
  }));
}

function measureScreen(interval) {
  return { width: screen.width, height: screen.height, pixel_ratio: devicePixelRatio, refresh_hz: 1000 / interval };
}

// Experts who sit together and agree on one answer, each with a role.
function makeExperts() {
  const list = make("div", {}, makeExpert(1, false), makeExpert(2, false));
  const count = () => list.children.length;
  const add = makeButton("Add an expert", () => { list.append(makeExpert(count() + 1, false)); update(); });
  const remove = makeButton("Remove the last", () => { list.lastChild.remove(); update(); });
  const update = () => {
    add.disabled = count() >= MOST_EXPERTS;
    remove.disabled = count() <= 1;
  };
  return [make("p", {}, "Several experts sit together and agree on one answer to each image."), list,
    make("div", { class: "buttons" }, add, remove)];
}

// `interval` is a promise of the time between two frames; `onBegun` gets the server's new state.
export function showConsent(state, { interval, onBegun, onRefused }) {
  const agree = make("input", { type: "checkbox", name: "agree", required: true });
  const problem = make("p", { class: "problem", role: "alert" });
  const submit = make("button", { type: "submit", class: "primary" }, "Continue");
  const form = make("form", {},
    ...(state.is_joint ? makeExperts() : [makeExpert(1, true)]),
    make("label", { class: "agree" }, agree, state.is_joint
      ? "We have read this and agree to take part." : "I have read this and agree to take part."),
    problem, submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    try {
      onBegun(await begin(readExperts(form), measureScreen(await interval)));
    } catch (error) {
      if (error instanceof Refused && error.status !== 422) return onRefused();
      problem.textContent = error instanceof Refused
        ? "Give each role, and years from 0 to 80." : "The server cannot be reached; try again in a moment.";
      submit.disabled = false;
    }
  });
  showScreen(makeSheet("Real or fake?", make("ul", {}, ...TERMS.map((term) => make("li", {}, term))), form));
}
