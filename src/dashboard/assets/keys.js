/** Keys for those who do not want to reach for the mouse: `?` says which. They can be switched off there. */
const HELP = [
  ['?', 'these keys'],
  ['/', 'search'],
  ['g and a letter', 'to a page: the letter is underlined by its name below'],
  ['j, k', 'next and previous row'],
  ['x, shift-X', 'select the row; all rows from the last one that was selected'],
  ['Enter', 'open what has the focus'],
  ['r', 'retry, or run now'],
  ['#', 'remove, after a question'],
  ['p', 'pause the page, and go on'],
  ['t', 'light, dark, or as the system has it'],
  ['Esc', 'leave a field, or this'],
];

let isOff = localStorage.getItem('tsworker.keys') === 'off';
let isGoing = false;
let lastSelected;

const rows = () => [...document.querySelectorAll('main tbody tr')];
const active = () => document.querySelector('main tr[data-active]');

function activate(row) {
  active()?.removeAttribute('data-active');
  if (row === undefined) return;
  row.setAttribute('data-active', '');
  const first = row.querySelector('a, button, summary');
  if (first !== null) first.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

function move(by) {
  const all = rows();
  const at = all.indexOf(active());
  activate(all[at === -1 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
}

function select(isRange) {
  const box = active()?.querySelector('[data-row]');
  if (!box) return;
  const all = rows();
  const [from, to] = [all.indexOf(lastSelected), all.indexOf(active())];
  if (isRange && from !== -1)
    for (const row of all.slice(Math.min(from, to), Math.max(from, to) + 1))
      mark(row.querySelector('[data-row]'), true);
  else mark(box, !box.checked);
  lastSelected = active();
}

function mark(box, isChecked) {
  if (!box || box.checked === isChecked) return;
  box.checked = isChecked;
  box.dispatchEvent(new Event('change', { bubbles: true }));
}

/** In the row that is active, else on the page. */
function press(key) {
  const named = (root) => [...(root?.querySelectorAll('[data-key]') ?? [])].find((one) => one.dataset.key === key);
  const target = named(active()) ?? named(document);
  target?.click();
  return target !== undefined;
}

function help() {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', 'Keys');
  const list = document.createElement('dl');
  const pages = [...document.querySelectorAll('nav a[data-key]')].map((one) => [
    one.dataset.key,
    one.firstChild?.textContent ?? '',
  ]);
  for (const [key, meaning] of [...HELP, ...pages]) {
    const [term, text] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    text.textContent = meaning;
    list.append(term, text);
  }
  const [off, close] = [document.createElement('button'), document.createElement('button')];
  off.textContent = isOff ? 'Switch the keys on' : 'Switch the keys off';
  off.addEventListener('click', () => {
    isOff = !isOff;
    localStorage.setItem('tsworker.keys', isOff ? 'off' : 'on');
    dialog.close();
  });
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.append(list, close, off);
  document.body.append(dialog);
  dialog.showModal();
}

function search() {
  const field = document.querySelector('main [data-search]') ?? document.querySelector('[data-search]');
  field?.focus();
  field?.select();
  return field !== null;
}

function handle(key) {
  if (isGoing) {
    isGoing = false;
    return press(`g ${key}`);
  }
  if (key === 'g') isGoing = true;
  else if (key === '/') return search();
  else if (key === 'j') move(1);
  else if (key === 'k') move(-1);
  else if (key === 'x') select(false);
  else if (key === 'X') select(true);
  else return press(key);
  return true;
}

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (target.matches('input:not([type=checkbox], [type=radio]), textarea, select')) {
    if (key === 'Escape') target.blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  if (key === '?') help();
  else if (isOff || key.length > 1 || !handle(key)) return;
  event.preventDefault();
});

const button = document.createElement('button');
button.type = 'button';
button.id = 'keys';
button.textContent = '?';
button.title = 'keys';
button.setAttribute('aria-label', 'Keys');
button.addEventListener('click', help);
document.querySelector('.tools')?.append(button);
