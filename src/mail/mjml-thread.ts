import { parentPort } from 'node:worker_threads'
import mjml2html from 'mjml'

/** Without the file: MJML names the working directory. */
const describeProblem = ({ line, tagName, message }: { line: number; tagName: string; message: string }): string =>
  `line ${line} (${tagName}): ${message}`

// The thread of mjml.ts: compiles what it is sent.
parentPort!.on('message', async ({ id, mjml }: { id: number; mjml: string }) => {
  try {
    // No fonts: MJML would link Google's for every family it knows, such as Roboto. Their server would see who opens the email.
    const { html, errors } = await mjml2html(mjml, { validationLevel: 'soft', keepComments: true, fonts: {} })
    parentPort!.postMessage({ id, html, errors: errors.map(describeProblem) })
  } catch (error) {
    parentPort!.postMessage({ id, html: '', errors: [(error as Error).message] })
  }
})
