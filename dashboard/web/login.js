// Signs in by a request of the page itself; the answer sets the cookie.
const form = document.getElementById('login');

form.addEventListener('submit', async event => {
  event.preventDefault();
  const body = JSON.stringify({
    name: document.getElementById('name').value,
    password: document.getElementById('password').value,
  });
  const answer = await fetch('/api/login', {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body,
  });
  if (answer.ok) {
    location.reload();
  } else {
    const {error} = await answer.json();
    document.getElementById('problem').textContent = `${error.message} ${error.hint ?? ''}`;
  }
});
