// Asks the user: whether an action is meant, and for the token; and shows what went wrong.
import { Unreachable } from './api.js';
import { $ } from './format.js';

// Asks for confirmation of an action that the same button cannot undo.
export function sure(question, act) {
  $('sure-question').textContent = question;
  $('sure-yes').textContent = act;
  $('sure').returnValue = 'no';
  $('sure').showModal();
  return new Promise((done) => {
    $('sure').addEventListener('close', () => done($('sure').returnValue === 'yes'), { once: true });
  });
}

export function askForToken(wrong) {
  $('ask-wrong').hidden = !wrong;
  $('token').value = '';
  return new Promise((done) => {
    $('ask').addEventListener('close', () => done($('token').value), { once: true });
    $('ask').showModal();
  });
}

// A lost connection has a message of its own.
function complain(problem) {
  const told = problem && !(problem instanceof Unreachable);
  $('problem').hidden = !told;
  $('problem').textContent = told ? problem.message : '';
}

// The action, with its problem shown on the page.
export const doing = (action) => async (...args) => {
  try {
    await action(...args);
    complain(null);
  } catch (problem) {
    complain(problem);
  }
};
