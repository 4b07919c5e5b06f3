// What HTML, CSS and htmx cannot do.
const by = (id) => document.getElementById(id);

(() => {
  const root = document.documentElement;

  // Before htmx starts, which is when the page is there: scripts are run in their order.
  Object.assign(window.htmx?.config ?? {}, {
    includeIndicatorStyles: false, allowEval: false, allowScriptTags: false, selfRequestsOnly: true,
    historyCacheSize: 0, defaultSettleDelay: 0,
    responseHandling: [
      { code: "204", swap: false }, { code: "[23]..|422", swap: true },
      { code: "503", swap: true, error: true }, { code: "[45]..", swap: false, error: true },
    ],
  });

  document.addEventListener("change", ({ target }) => {
    if (target.name !== "theme" || !target.closest("[data-theme-switch]")) return;
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${target.value};path=${target.closest("[data-theme-switch]").dataset.themeSwitch};max-age=31536000;samesite=lax${secure}`;
    root.dataset.theme = target.value;
    for (const meta of document.querySelectorAll("meta[data-mode]")) {
      const mode = meta.dataset.mode;
      meta.media = target.value === "system" ? `(prefers-color-scheme: ${mode})` : mode === target.value ? "all" : "not all";
    }
  });

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy], [data-reveal], [data-dismiss], [data-theme-to]");
    if (!button) return;
    if (button.dataset.themeTo) return document.querySelector(`[data-theme-switch] [value=${button.dataset.themeTo}]`).click();
    if ("dismiss" in button.dataset) return button.closest(".toast").remove();
    if (button.dataset.reveal) {
      const input = by(button.dataset.reveal);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      return;
    }
    const source = by(button.dataset.copy) || button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 2000);
    } catch {
      source.hidden = false;
      getSelection().selectAllChildren(source);
    }
  });

  // An address holds no more; of the others the next answer tells.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id === "live") detail.parameters.w = detail.formData.getAll("w").slice(0, 50);
  });

  // What was a part of this page and is a page now.
  const moved = by(location.hash.slice(1));
  if (moved?.matches(".pages a")) location.replace(moved.href);

  // What was tested of a typed secret is not said of another text.
  document.addEventListener("input", ({ target }) => {
    const said = document.querySelector(`[data-secret="${target.name}"][data-state="typed"]`);
    if (said) said.hidden = Boolean(target.value) || !target.form?.elements.draft;
  });

  document.addEventListener("htmx:afterSwap", ({ target, detail }) => {
    if (detail.requestConfig.verb !== "post" || !target.matches("section[data-state]")) return;
    requestAnimationFrame(() => {
      const part = by(target.id);
      const place = part?.getBoundingClientRect();
      if (place && (place.top < 0 || Math.min(place.bottom, place.top + 240) > innerHeight)) part.scrollIntoView();
    });
  });

  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (target.matches("[popover]:not(:popover-open)")) target.showPopover();
  });

  // What was pasted into the search and is a key goes on to the box, whole, with its lines.
  let pasted = "";
  document.addEventListener("paste", ({ target, clipboardData }) => {
    if (target.id === "palette-q") pasted = clipboardData.getData("text");
  });

  document.addEventListener("htmx:afterSettle", () => {
    const [input, found] = [by("palette-q"), by("found")];
    const box = found?.dataset.secret === undefined ? null : by("palette-paste-text");
    if (box && pasted) {
      box.value = pasted;
      input.value = pasted = "";
      box.form.querySelector("button").focus();
    }
    if (input?.dataset.go === undefined || input.dataset.go !== found.dataset.words) return;
    delete input.dataset.go;
    found.querySelector("a, button, summary")?.click();
  });

  // The buttons of an import count the parts that nobody has ticked.
  document.addEventListener("change", ({ target }) => {
    if (target.name !== "consent") return;
    const left = target.form.querySelectorAll('[name="consent"]:not(:checked)').length;
    for (const said of target.form.querySelectorAll("[data-left]")) {
      const [one, many] = said.dataset.left.split("|");
      said.textContent = left === 1 ? one : left ? many.replace("%", left) : "";
    }
  });

  // Times in the reader's zone; ages grow while the page is open, in the server's own words.
  const exact = new Intl.DateTimeFormat(root.lang, { dateStyle: "long", timeStyle: "long" });
  const words = document.body.dataset.ages?.split("|");
  const age = (seconds) => {
    if (seconds < 10) return words[0];
    const step = [60, 3600, 86400].findIndex((end) => seconds < end);
    const count = Math.floor(seconds / [1, 60, 3600, 86400].at(step));
    return words.at(step < 0 && count === 1 ? -2 : step < 0 ? -1 : step + 1).replace("%", count);
  };
  const tellTimes = (grow) => {
    for (const one of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(one.dateTime);
      if (!one.dataset.told) {
        one[one.title ? "title" : "textContent"] = exact.format(moment);
        one.dataset.told = "1";
      }
      const now = grow && "age" in one.dataset && age((Date.now() - moment) / 1000);
      if (now && now !== one.textContent) one.textContent = now;
    }
  };
  tellTimes();
  document.addEventListener("htmx:afterSettle", () => tellTimes());
  if (words) setInterval(tellTimes, 10_000, true);

  // The palette: Ctrl-K opens it, arrows walk from the input through the links, Enter opens one.
  document.addEventListener("keydown", (event) => {
    const palette = by("palette");
    if (!palette) return;
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      palette.togglePopover();
      return;
    }
    if (!palette.matches(":popover-open")) return;
    if (event.key === "Escape") { // at once, where a search field would only be emptied
      event.preventDefault();
      palette.hidePopover();
      return;
    }
    if (document.activeElement.matches("textarea")) return; // these keys are its own
    const input = palette.querySelector("#palette-q");
    const found = palette.querySelectorAll(".palette-list :is(a, button, summary, textarea)");
    const stops = [input, ...[...found].filter((one) => one.checkVisibility())];
    const at = stops.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      stops.at((at + step) % stops.length).focus();
    } else if (event.key === "Enter" && at === 0) {
      event.preventDefault();
      const words = input.value.trim().replace(/\s+/g, " ");
      if (by("found").dataset.words === words) stops[1]?.click();
      else input.dataset.go = words;
    } else if (at > 0 && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
      input.focus();
    }
  });
})();

// The save bar counts what differs from data-saved; the page's own ways keep it.
(() => {
  const bar = by("savebar");
  const form = bar && by(bar.dataset.of);
  if (!form) return;
  const kept = `typed ${location.pathname}`;
  const words = bar.dataset.words.split("|");
  const part = (one) => /radio|check/.test(one.type) ? "checked" : "value";
  const held = (one) => one[part(one)];
  const saved = (one) => part(one) === "value" ? one.dataset.saved : one.value === one.dataset.saved;
  const fields = () => [...form.elements].filter((one) => "saved" in one.dataset && !one.disabled);
  const given = new Map(fields().map((one) => [one, held(one)]));
  let way = ""; // save, keep

  const changed = () => fields().filter((one) => held(one) !== saved(one));
  const count = () => {
    const found = changed();
    for (const one of fields()) one.toggleAttribute("data-changed", found.includes(one));
    const number = new Set(found.map((one) => one.name)).size;
    if (bar.dataset.unsaved === String(number)) return;
    bar.dataset.unsaved = number;
    bar.querySelector("[role=status]").textContent = words[Math.min(number, 2)].replace("%", number);
  };
  const go = (by) => {
    way = by;
    setTimeout(() => { way = ""; }, 1000);
  };

  for (const [id, value] of JSON.parse(sessionStorage.getItem(kept) ?? "[]")) {
    const field = fields().find((one) => one.id === id);
    if (field && held(field) === saved(field)) field[part(field)] = value;
  }
  sessionStorage.removeItem(kept);
  count();
  document.addEventListener("input", ({ target }) => {
    if (target.form === form) form.dataset.touched = "";
    count();
  });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.path.endsWith("/check/")) delete form.dataset.touched;
  });
  document.addEventListener("submit", ({ target, defaultPrevented }) => {
    if (!defaultPrevented) go(target === form || bar.contains(target) ? "save" : "keep");
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest('a[href^="?"]')) go("keep");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    bar.querySelector("[aria-keyshortcuts]").click();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    if (!/40[13]/.test(xhr.status)) return;
    const isPressed = /click|submit/.test(requestConfig.triggeringEvent?.type);
    // The server keeps what may be kept.
    if (isPressed && elt.form === form) go("save");
    // Nobody is led away while he types.
    else if (!isPressed && changed().length) event.preventDefault();
  });
  addEventListener("beforeunload", (event) => {
    const left = changed();
    sessionStorage.removeItem(kept);
    if (!left.length || way === "save") return;
    const typed = left.filter((one) => held(one) !== given.get(one));
    const open = typed.filter((one) => !("unkept" in one.dataset || (one.inputMode && /[@?]/.test(one.value))));
    if (way) sessionStorage.setItem(kept, JSON.stringify(open.map((one) => [one.id, held(one)])));
    // A secret is kept nowhere.
    if (!way || open.length < typed.length) event.preventDefault();
  });
})();

// A combobox as the ARIA patterns have it: the server finds, this opens, walks and picks.
(() => {
  const box = by("picker");
  if (!box) return;
  let field = null;
  const isOpen = () => box.matches(":popover-open");
  const options = () => [...box.querySelectorAll("[role=option]")];
  const isField = (one) => one.matches?.("[role=combobox]");

  const put = () => {
    if (!isOpen()) return;
    const [at, view, bar] = [field.getBoundingClientRect(), visualViewport, by("savebar")];
    const foot = Math.min(bar?.getBoundingClientRect().top ?? innerHeight, view.offsetTop + view.height);
    const [above, below] = [at.top - view.offsetTop - 12, foot - at.bottom - 12];
    const isUp = below < 240 && above > below;
    const width = Math.min(Math.max(at.width, 480), innerWidth - 16);
    Object.assign(box.style, {
      width: `${width}px`,
      left: `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`,
      maxHeight: `${Math.min(isUp ? above : below, 400)}px`,
      top: isUp ? "auto" : `${at.bottom + 4}px`,
      bottom: isUp ? `${innerHeight - at.top + 4}px` : "auto",
    });
  };
  const mark = (option) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    if (!field) return;
    mark();
    field.setAttribute("aria-expanded", "false");
    if (isOpen()) box.hidePopover();
    field = null;
  };
  const ask = (one) => {
    if (field !== one) close();
    field = one;
    if (!isOpen()) one.dispatchEvent(new Event("pick"));
  };
  const pick = (option) => {
    const [one, provider] = [field, option.dataset.provider];
    const beside = one.form.elements[one.name.replace(/model$/, "provider")];
    close();
    one.value = option.dataset.value;
    if (provider) beside.value = provider;
    one.dispatchEvent(new Event("input", { bubbles: true }));
    field = null;
  };

  document.addEventListener("input", ({ target, isTrusted }) => {
    if (isTrusted && isField(target)) field = target;
  });
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.triggeringEvent?.type === "pick") detail.parameters[detail.elt.name] = ""; // all of them
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (!field || detail.requestConfig.elt !== field || field !== document.activeElement) return;
    const found = options();
    field.removeAttribute("aria-activedescendant");
    if (!found.length || (found.length === 1 && found[0].dataset.value === field.value)) return close();
    if (!isOpen()) box.showPopover();
    field.setAttribute("aria-expanded", "true");
    put();
  });
  document.addEventListener("click", ({ target }) => {
    const option = target.closest?.("#picker [role=option]");
    if (option) pick(option);
    else if (isField(target)) ask(target);
  });
  box.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  document.addEventListener("focusout", ({ target }) => target === field && close());
  document.addEventListener("scroll", put, { capture: true, passive: true });
  visualViewport.addEventListener("resize", put);
  document.addEventListener("keydown", (event) => {
    if (!isField(event.target)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !isOpen()) ask(event.target);
    else if (step) {
      const found = options();
      const at = found.findIndex((one) => one.getAttribute("aria-selected") === "true");
      mark(found.at(at < 0 && step < 0 ? -1 : (at + step) % found.length));
    } else if (event.key === "Enter" && isOpen()) {
      const option = box.querySelector("[aria-selected=true]");
      if (!option) return close();
      pick(option);
    } else if (event.key === "Escape" && isOpen()) close();
    else return;
    event.preventDefault();
  });
})();

// Tables: a row's state follows its cell; the row that an address names opens.
(() => {
  const open = () => {
    const found = by(location.hash.slice(1))?.querySelector(".opener");
    if (found) found.open = true;
  };
  open();
  addEventListener("hashchange", open);
  document.addEventListener("htmx:afterSettle", () => {
    for (const one of document.querySelectorAll("[data-row]")) one.closest("tr").dataset.state = one.dataset.row;
  });
})();

// Forms: a pressed button keeps the focus, a refused form gets it.
(() => {
  const label = (button) => [button.name, button.value, button.textContent.trim(), button.getAttribute("aria-label")].join();
  const busy = new WeakMap();
  let pressed = null;

  document.addEventListener("htmx:beforeSend", ({ detail: { elt } }) => {
    const button = document.activeElement?.closest("button");
    pressed = button && (elt === button || elt.contains(button) || elt === button.form) ? { button, label: label(button) } : null;
    if (!pressed || !button.disabled) return;
    // Disabled, it would lose the focus.
    button.disabled = false;
    button.setAttribute("aria-disabled", "true");
    busy.set(elt, button);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[aria-disabled='true']")) event.preventDefault(), event.stopImmediatePropagation();
  }, true);

  document.addEventListener("pointerdown", () => { pressed = null; });
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("a, button, input, select, textarea") && target !== pressed?.button) pressed = null;
  });

  const away = (is) => by("away")?.toggleAttribute("hidden", !is);
  document.addEventListener("htmx:sendError", () => away(true));
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
    busy.get(elt)?.removeAttribute("aria-disabled");
    if (xhr.status) away(/50[24]/.test(xhr.status)); // a proxy's
  });

  document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    const isRefused = detail.xhr?.status === 422;
    const wrong = isRefused && target.querySelector("[aria-invalid='true']");
    // To a field elsewhere, which may be folded.
    const way = isRefused && target.querySelector(".wrong a");
    const said = `${document.body.dataset.error} `;
    if (detail.requestConfig?.elt.matches("form, button")) document.title = (isRefused ? said : "") + document.title.replace(said, "");
    if (wrong) return wrong.focus();
    if (way) return way.click();
    if (!pressed || pressed.button.isConnected || document.activeElement !== document.body) return;
    const again = [...document.querySelectorAll("main button:not(:disabled)")].find((one) => label(one) === pressed.label);
    const part = by(target.id);
    if (!again) part?.setAttribute("tabindex", "-1");
    (again ?? part)?.focus({ preventScroll: true });
  });

  const typed = JSON.parse(by("typed-values")?.textContent ?? "null");
  for (const [name, , value] of typed?.fields ?? []) {
    for (const field of document.querySelectorAll(`main [name="${CSS.escape(name)}"]:not([type="hidden"])`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  for (const name of typed?.lost ?? []) {
    const field = document.querySelector(`main [name="${CSS.escape(name)}"]:not([type="hidden"])`);
    const place = field && by(`${field.id}_slot`);
    if (place) place.textContent = by("typed").dataset.again;
  }
  document.querySelector("form[data-going-on]")?.requestSubmit();
})();
