import { readFileSync } from 'node:fs'

/** Put in place by the build. */
declare const SALLYPORT_VERSION: string | undefined

export function version(): string {
  if (typeof SALLYPORT_VERSION === 'string') return SALLYPORT_VERSION
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
