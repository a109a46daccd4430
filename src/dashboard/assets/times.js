/** Times as this browser's owner has them, or in UTC: what the server wrote is kept for the pointer. */
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
let isUtc = localStorage.getItem('tsworker.times') === 'utc';

function write() {
  for (const time of document.querySelectorAll('main time[datetime]:not([data-ago])')) {
    const at = new Date(time.dateTime);
    const utc = `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    time.textContent = isUtc ? utc : local.format(at);
    time.title = isUtc ? local.format(at) : utc;
  }
}

const button = document.createElement('button');
button.type = 'button';
button.id = 'times';
button.title = 'show times in the zone of this browser, or in UTC';
const show = () => {
  button.textContent = isUtc ? 'UTC' : 'Local time';
};
button.addEventListener('click', () => {
  isUtc = !isUtc;
  localStorage.setItem('tsworker.times', isUtc ? 'utc' : 'local');
  show();
  write();
});
show();
document.getElementById('live')?.after(button);
document.addEventListener('tsworker:changed', write);
write();
