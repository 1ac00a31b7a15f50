import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { listen, type Resource } from './server.ts'

const text = (body: string): Resource => ({
  type: 'text/plain',
  size: Buffer.byteLength(body),
  send: (response) => response.end(body),
})

async function serving() {
  const listening = await listen(
    new Map([
      ['', text('page')],
      ['given/0', text('capture')],
    ]),
    0,
  )
  onTestFinished(() => listening.close())
  return listening
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** As it stands: fetch would not send these headers, and would tidy the path. */
function ask(url: string, path: string, options: { host?: string; method?: string } = {}): Promise<Answer> {
  const { hostname, port, host } = new URL(url)
  return new Promise((resolve, reject) => {
    const { method = 'GET' } = options
    const sent = request(
      { hostname, port, path, method, headers: { host: options.host ?? host } },
      (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, body }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

test('the page and what was given are served under the secret path', async () => {
  const { url } = await serving()
  const { pathname } = new URL(url)
  expect(pathname).toMatch(/^\/[0-9a-f]{32}\/$/)
  expect(await ask(url, pathname)).toEqual({ status: 200, body: 'page' })
  expect(await ask(url, `${pathname}given/0`)).toEqual({ status: 200, body: 'capture' })
})

test('it listens on loopback only', async () => {
  const { url } = await serving()
  expect(new URL(url).hostname).toBe('127.0.0.1')
})

test.each(['evil.example', 'evil.example:80', '127.0.0.1', 'localhost:1'])(
  'asked for the host %j, it refuses',
  async (host) => {
    const { url } = await serving()
    expect((await ask(url, new URL(url).pathname, { host })).status).toBe(421)
  },
)

test('nothing is found beside the secret path, nor by climbing out of it', async () => {
  const { url } = await serving()
  const { pathname } = new URL(url)
  const paths = ['/', '/given/0', `/${'0'.repeat(32)}/`, `${pathname}given/1`, `${pathname}../given/0`]
  for (const path of [...paths, `${pathname}%2e%2e/etc/passwd`, `${pathname}//etc/passwd`, `${pathname}?x`])
    expect((await ask(url, path)).status, path).toBe(404)
})

test('nothing but reading is allowed', async () => {
  const { url } = await serving()
  expect((await ask(url, new URL(url).pathname, { method: 'POST' })).status).toBe(405)
  expect(await ask(url, new URL(url).pathname, { method: 'HEAD' })).toEqual({ status: 200, body: '' })
})
