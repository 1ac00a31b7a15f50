/** The page as the build left it, and as the server gives it: with what was named on the command line in it. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXIT_UNREADABLE } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** From dist/cli.js, from one of its chunks, and from the sources. */
const places = ['./page/', '../page/', '../../../dist/page/']

/** A file that the page fetches; the path is relative to the page's own. */
export interface ServedFile {
  readonly name: string
  readonly path: string
}

/** What the page is to show. */
export interface Served {
  readonly captures: readonly ServedFile[]
  readonly rules: ServedFile | null
  readonly rules6: ServedFile | null
}

/** @throws Failure where the page was not built */
export function servedPage(served: Served): string {
  const found = places
    .map((place) => fileURLToPath(new URL(`${place}sallyport.html`, import.meta.url)))
    .find((path) => existsSync(path))
  if (found === undefined)
    throw new Failure('the page is not there: npm run build makes dist/page/sallyport.html', EXIT_UNREADABLE)
  // No name of a file can end the element that it stands in.
  const data = JSON.stringify(served).replaceAll('<', '\\u003c')
  return readFileSync(found, 'utf8')
    .replace("connect-src 'none'", () => "connect-src 'self'")
    .replace('<body>', () => `<body>\n<script type="application/json" id="served">${data}</script>`)
}
