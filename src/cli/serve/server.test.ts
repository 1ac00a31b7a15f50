import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { listen, type Resource } from './server.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

const text = (body: string): Resource => ({
  type: 'text/plain',
  size: Buffer.byteLength(body),
  send: (response) => response.end(body),
})

async function serving(address?: string): Promise<{ urls: readonly string[]; url: string }> {
  const resources = new Map([
    ['', text('page')],
    ['given/0', text('capture')],
  ])
  const { urls, close } = await listen(resources, 0, address)
  onTestFinished(() => close())
  return { urls, url: urls[0]! }
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** As it stands: fetch would not send these headers, and would tidy the path. */
function ask(url: string, path: string, options: { host?: string; method?: string } = {}): Promise<Answer> {
  const { hostname: bracketed, port, host } = new URL(url)
  const hostname = bracketed.replace(/^\[|\]$/g, '')
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

test('a token that is nearly right leads nowhere', async () => {
  const { url } = await serving()
  const { pathname } = new URL(url)
  const last = pathname.at(-2) === '0' ? '1' : '0'
  for (const path of [
    `${pathname.slice(0, -2)}${last}/`,
    pathname.slice(0, -1),
    pathname.toUpperCase().slice(0, -1),
  ])
    expect((await ask(url, path)).status, path).toBe(404)
})

test('on every address of the machine, each opens it, and no name does', async () => {
  const { urls } = await serving('0.0.0.0')
  expect(urls.map((url) => new URL(url).hostname)).toContain('127.0.0.1')
  for (const url of urls) {
    const { pathname, port } = new URL(url)
    expect(await ask(url, pathname), url).toEqual({ status: 200, body: 'page' })
    expect(await ask(url, `/${'0'.repeat(32)}/`)).toMatchObject({ status: 404 })
    // Another of its own addresses is not the one that was asked.
    for (const host of [`router.example:${port}`, `0.0.0.0:${port}`, `192.0.2.77:${port}`])
      expect((await ask(url, pathname, { host })).status, host).toBe(421)
  }
})

test.skipIf(!hasIPv6)('on IPv6 its address stands in brackets', async () => {
  const { url } = await serving('::1')
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+\//)
  expect(await ask(url, new URL(url).pathname)).toEqual({ status: 200, body: 'page' })
  expect((await ask(url, new URL(url).pathname, { host: 'evil.example' })).status).toBe(421)
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is not allowed', async (method) => {
  const { url } = await serving()
  expect((await ask(url, new URL(url).pathname, { method })).status).toBe(405)
})

test('the head alone can be asked for', async () => {
  const { url } = await serving()
  expect(await ask(url, new URL(url).pathname, { method: 'HEAD' })).toEqual({ status: 200, body: '' })
})
