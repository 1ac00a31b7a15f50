/**
 * Serves the page and the files that were named. Everything stands under a secret path, so that other users of the machine, or of
 * the network where it listens there, cannot read a capture; requests for another host's name are refused, so that no web page
 * can (DNS rebinding). No path leads to a file: files are numbers.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostWord, isLoopback, LOOPBACK, openableAddresses } from './listen-address.ts'

/** What is given under a path. */
export interface Resource {
  readonly type: string
  readonly size: number
  /** Writes the body, and ends the response. */
  send(response: ServerResponse): void
}

export interface Listening {
  /** At least one; each opens the page. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

/**
 * `resources` by path; '' is the page. Port 0: any that is free. `address` is an IP address of the machine, or stands for all.
 * @throws Error of node:net where address or port cannot be had
 */
export async function listen(
  resources: ReadonlyMap<string, Resource>,
  port: number,
  address: string = LOOPBACK,
): Promise<Listening> {
  const secret = randomBytes(16).toString('hex')
  const server = createServer((request, response) => answer(request, response, secret, resources))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, resolve)
  })
  const urlOf = (own: string) => `http://${hostWord(own, portOf(server))}/${secret}/`
  return { urls: openableAddresses(address).map(urlOf), close: () => close(server) }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  secret: string,
  resources: ReadonlyMap<string, Resource>,
): void {
  const { method, url = '' } = request
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  response.setHeader('Content-Security-Policy', "frame-ancestors 'none'")
  const start = `/${secret}/`
  const resource = beginsWith(url, start) ? resources.get(url.slice(start.length)) : undefined
  if (!isOwnHost(request)) refuse(response, 421, 'this server answers to its own address only')
  else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, 'GET and HEAD only')
  else if (resource === undefined) refuse(response, 404, 'not found')
  else {
    response.writeHead(200, { 'Content-Type': resource.type, 'Content-Length': resource.size })
    if (method === 'HEAD') response.end()
    else resource.send(response)
  }
}

/** By the address that the request came to: a name, of which somebody else may be the master, is none. */
function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const { localAddress = '', localPort = 0 } = socket
  const own = localAddress.replace(/^::ffff:/, '')
  const names = isLoopback(own) ? [own, 'localhost'] : [own]
  // Browsers leave out the port of http.
  return names.some((name) => {
    const word = hostWord(name, localPort)
    return headers.host === word || (localPort === 80 && `${headers.host}:80` === word)
  })
}

/** In a time that tells nothing of how much was right. */
function beginsWith(url: string, start: string): boolean {
  const given = Buffer.from(url.slice(0, start.length))
  const wanted = Buffer.from(start)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
