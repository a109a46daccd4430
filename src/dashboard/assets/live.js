/**
 * Keeps the middle of the page as it is on the server: asks for it again when there is something new, and changes only what
 * differs. Nothing moves while somebody works in it.
 */
const FALLBACK_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;
const { Idiomorph } = globalThis;
const policy = globalThis.trustedTypes?.createPolicy('tsworker', { createHTML: (text) => text }) ?? {
  createHTML: (text) => text,
};

const place = document.getElementById('live');
const main = () => document.getElementById('main');
let isPaused = localStorage.getItem('tsworker.paused') === 'yes';
let source;
let failures = 0;
let lastEvent = Date.now();
let isAsking = false;
let reconnect;

const button = document.createElement('button');
button.type = 'button';
button.dataset.key = 'p';
button.id = 'pause';
const pill = document.createElement('button');
pill.type = 'button';
pill.id = 'pill';
pill.hidden = true;
pill.textContent = 'Show what is new';
place?.append(pill, button);

function show() {
  button.textContent = isPaused ? 'Paused' : 'Live';
  button.title = isPaused ? 'go on' : 'pause: the page stays as it is';
  button.setAttribute('aria-pressed', String(isPaused));
}

button.addEventListener('click', () => {
  isPaused = !isPaused;
  localStorage.setItem('tsworker.paused', isPaused ? 'yes' : 'no');
  show();
  if (!isPaused) refresh();
});
pill.addEventListener('click', () => refresh(true));

/** Somebody reads, types or has chosen something: what they look at must not change under their hands. */
function isBusy() {
  if (document.querySelector('main [data-row]:checked, dialog[open]')) return true;
  const focused = document.activeElement;
  if (focused?.closest('main') && focused.matches('input:not([type=checkbox]), select, textarea')) return true;
  return main()?.contains(getSelection()?.anchorNode ?? null) && getSelection()?.isCollapsed === false;
}

async function refresh(isWanted = false) {
  if (isAsking || !main()?.dataset.live) return;
  if (!isWanted && (isPaused || isBusy())) {
    pill.hidden = isPaused;
    return;
  }
  isAsking = true;
  try {
    const response = await fetch(location.href, { headers: { Part: 'main' }, redirect: 'manual' });
    // The session is over, or the server is another one now.
    if (response.type === 'opaqueredirect' || response.status === 401) location.reload();
    else if (isWanted || !isBusy()) morph(await response.text());
  } catch {
    // The next tick asks again; until then the mark says how old this is.
  } finally {
    isAsking = false;
  }
}

function morph(text) {
  const next = new DOMParser().parseFromString(policy.createHTML(text), 'text/html').getElementById('main');
  if (next === null) return;
  // What was told once stays until another page is opened.
  const note = document.getElementById('note');
  if (note !== null && next.querySelector('#note') === null) next.prepend(note.cloneNode(true));
  Idiomorph.morph(main(), next, {
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) =>
        !(
          (name === 'open' && node.localName === 'details') ||
          name === 'data-active' ||
          node.hasAttribute('data-keep')
        ),
      beforeNodeMorphed: (node) => !node.hasAttribute?.('data-keep'),
    },
  });
  pill.hidden = true;
  document.dispatchEvent(new CustomEvent('tsworker:changed'));
}

function connect() {
  clearTimeout(reconnect);
  source?.close();
  if (document.hidden) return;
  source = new EventSource('events');
  source.addEventListener('tick', (event) => {
    failures = 0;
    lastEvent = Date.now();
    const { version, counts } = JSON.parse(event.data);
    for (const [path, count] of Object.entries(counts)) {
      const small = document.getElementById(`count-${path}`);
      if (small !== null) small.textContent = ` ${count.toLocaleString('en-US')}`;
    }
    if (String(version) !== main()?.dataset.version) refresh();
  });
  source.addEventListener('error', () => {
    source.close();
    const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures++);
    reconnect = setTimeout(connect, pause * (0.5 + Math.random() / 2));
  });
}

// A proxy that keeps events back, or too many streams: then by asking.
setInterval(() => {
  if (!document.hidden && Date.now() - lastEvent > FALLBACK_MS) refresh();
}, FALLBACK_MS);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close();
  else {
    connect();
    refresh();
  }
});

if (main()?.dataset.live) {
  show();
  connect();
} else button.hidden = true;
