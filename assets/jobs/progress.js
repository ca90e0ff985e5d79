// Follows running jobs by asking the server, without a run of the page: shows how far one of them is, and
// tells the page when jobs have begun, ended or been told to stop. With no job to show it only looks.

const followers = new WeakMap();

class JobFollower {
  constructor(root) {
    this.box = make("div", "job");
    this.text = make("p", "text");
    this.title = make("strong");
    this.about = make("span");
    this.text.append(this.title, this.about);
    this.track = make("div", "track", { role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
    this.done = make("div", "done");
    this.track.append(this.done);
    this.box.append(this.text, this.track);
    root.append(this.box);
    this.look = () => document.hidden || this.ask();
    document.addEventListener("visibilitychange", this.look);
  }

  update(data, tell) {
    this.data = data;
    this.tell = tell;
    this.box.hidden = !data.shown;
    this.show(data.jobs);
    this.wait();
  }

  show(jobs) {
    const job = jobs.find((one) => one.id === this.data.shown);
    if (!job) return;
    const percent = Math.round(100 * job.share);
    this.title.textContent = job.title;
    this.about.textContent = ` · ${job.word}. ${job.sentence}`;
    this.track.setAttribute("aria-valuenow", percent);
    this.track.setAttribute("aria-label", job.title);
    this.track.setAttribute("aria-valuetext", `${job.word}. ${job.sentence}`);
    this.done.style.width = `${percent}%`;
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.look, this.data.everyMs);
  }

  async ask() {
    clearTimeout(this.timer);
    const asked = this.data;
    try {
      const answer = await fetch(asked.address, { cache: "no-store" });
      const found = answer.ok ? await answer.json() : null;
      // What was asked before the page ran says less than what the run brought.
      if (this.gone || asked !== this.data) return;
      if (found) this.take(found);
      // An address that has run out is signed anew when the page runs.
      if (answer.status === 403) this.tell();
    } catch {
      // The server is away; the page says so itself. What is shown stays, and the next question comes.
    }
    if (!this.gone) this.wait();
  }

  take({ server, jobs }) {
    this.show(jobs);
    const standing = (all) => all.map((one) => `${one.id} ${one.stopping}`).join();
    // A server that was started anew knows no fragment of this page until the whole of it has run.
    if (server !== this.data.server || standing(jobs) !== standing(this.data.jobs)) this.tell();
  }

  leave() {
    this.gone = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.look);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!followers.has(parentElement)) followers.set(parentElement, new JobFollower(parentElement));
  const follower = followers.get(parentElement);
  follower.update(data, () => setTriggerValue("changed", Date.now()));
  return () => {
    follower.leave();
    followers.delete(parentElement);
    follower.box.remove();
  };
}
