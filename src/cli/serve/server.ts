/**
 * Serves the page and the files that were named, to browsers of this machine. Everything stands under a secret path, so that
 * other users of the machine cannot read a capture; requests for another host's name are refused, so that no web page can (DNS
 * rebinding). No path leads to a file: files are numbers.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const LOOPBACK = '127.0.0.1'

/** What is given under a path. */
export interface Resource {
  readonly type: string
  readonly size: number
  /** Writes the body, and ends the response. */
  send(response: ServerResponse): void
}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** `resources` by path; '' is the page. Port 0: any that is free. @throws Error of node:net where the port cannot be had */
export async function listen(resources: ReadonlyMap<string, Resource>, port: number): Promise<Listening> {
  const secret = randomBytes(16).toString('hex')
  const server = createServer((request, response) => answer(request, response, secret, resources))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
  return { url: `http://${LOOPBACK}:${portOf(server)}/${secret}/`, close: () => close(server) }
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
  const resource = url.startsWith(start) ? resources.get(url.slice(start.length)) : undefined
  if (!isOwnHost(request)) refuse(response, 421, 'this server answers to its own address only')
  else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, 'GET and HEAD only')
  else if (resource === undefined) refuse(response, 404, 'not found')
  else {
    response.writeHead(200, { 'Content-Type': resource.type, 'Content-Length': resource.size })
    if (method === 'HEAD') response.end()
    else resource.send(response)
  }
}

function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  return [LOOPBACK, 'localhost'].some((name) => headers.host === `${name}:${socket.localPort}`)
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
