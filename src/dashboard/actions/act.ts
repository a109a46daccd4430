/** From a posted form to what came of it: the role, the action, the audit, the answer. Knows no action. */
import type { Client } from '../client.js';
import { mayDo, type User } from '../guard/roles.js';
import { askOf, framed, json } from '../respond.js';
import { type Ask, type Dashboard, HttpError } from '../routes/page.js';
import type { Action, Outcome } from './action.js';
import { ACTION_TABLE } from './all.js';
import { writeAudit } from './audit.js';

export async function act(dashboard: Dashboard, client: Client): Promise<Response> {
  const action = ACTION_TABLE.get(client.segment);
  if (action === undefined) throw new HttpError(404, `there is no action ${JSON.stringify(client.segment)} here`);
  const user = client.user as User;
  const form = await client.form();
  const target = action.target(form);
  const audit = auditOf(dashboard, client, action, target);
  if (!mayDo(user, action.name)) {
    audit({ refused: `the role ${user.role} may not` });
    throw new HttpError(403, `${user.name} may not do this: the role ${user.role} is not enough for ${action.name}`);
  }
  const ask = await askOf(dashboard, client, false);
  try {
    const outcome = await action.run(ask, form);
    if (outcome.kind === 'done' && target !== undefined) dashboard.reader.renew();
    if (outcome.kind !== 'confirm')
      audit({ result: outcome.kind === 'started' ? { operation: outcome.operation } : outcome.result });
    return answer(ask, client, outcome);
  } catch (error) {
    audit({ refused: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

function auditOf({ options }: Dashboard, client: Client, action: Action, target: string | undefined) {
  const started = performance.now();
  return (end: { readonly result?: Readonly<Record<string, unknown>>; readonly refused?: string }) => {
    if (target === undefined) return;
    const { user, address: from } = client;
    const ms = Math.round(performance.now() - started);
    writeAudit(options.log, { user, from, action: action.name, target, ms, ...end });
  };
}

function answer(ask: Ask, client: Client, outcome: Outcome): Response {
  if (outcome.kind === 'confirm') {
    if (client.wantsJson) return json(409, { error: 'not agreed to: send agreed=yes', preview: outcome.preview });
    const { title, view } = outcome;
    return framed(ask, client, { title, path: client.segment, view, status: 200 });
  }
  if (outcome.kind === 'page') {
    if (client.wantsJson) return json(200, outcome.json);
    return framed(ask, client, { title: outcome.title, path: client.segment, view: outcome.view, status: 200 });
  }
  if (outcome.kind === 'done' && outcome.cookie !== undefined) client.cookies.push(outcome.cookie);
  if (client.wantsJson)
    return outcome.kind === 'done' ? json(200, outcome.result) : json(202, { operation: outcome.operation });
  const note =
    outcome.kind === 'done' && outcome.note !== undefined ? ask.dashboard.notes.put(outcome.note) : undefined;
  const to = note === undefined ? outcome.to : withNote(outcome.to, note);
  return new Response(null, { status: 303, headers: { location: to } });
}

function withNote(to: string, note: string): string {
  return `${to}${to.includes('?') ? '&' : '?'}note=${note}`;
}
