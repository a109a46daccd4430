/**
 * The plainest way to write a job: a named export whose name begins with a capital is the Resque class of that name.
 * The first parameter is the queue, the others are the payload's arguments:
 *
 *     Resque.enqueue_to('high', 'SendWelcomeMail', 'ada@example.com')
 */
export async function SendWelcomeMail(_queue: string, address: string): Promise<void> {
  await deliver(`To: ${address}\nSubject: Welcome\n\nGood to have you.\n`);
}

/** Stands for a mail server that takes no time, since this is the demo's job for speed. */
async function deliver(_mail: string): Promise<void> {}
