package io.tokensaving;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Stands between a client and a server, and can delay replies or cut them off.
 */
public final class FaultProxy implements AutoCloseable {

	private final ServerSocket listener;

	private final int target;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private volatile long delayMillis;

	private volatile boolean resetting;

	private FaultProxy(ServerSocket listener, int target) {
		this.listener = listener;
		this.target = target;
	}

	/**
	 * Start a proxy on a free port.
	 * @param target the port of the server
	 * @return the proxy
	 */
	public static FaultProxy start(int target) {
		try {
			FaultProxy proxy = new FaultProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
			thread(proxy::accept);
			return proxy;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void thread(Runnable task) {
		Thread thread = new Thread(task, "fault-proxy");
		thread.setDaemon(true);
		thread.start();
	}

	public int port() {
		return this.listener.getLocalPort();
	}

	/**
	 * Delay all replies.
	 * @param delayMillis the time in milliseconds, 0 for none
	 */
	public void delay(long delayMillis) {
		this.delayMillis = delayMillis;
	}

	/**
	 * Pass on half of each reply and then reset the connection.
	 * @param resetting whether to do so
	 */
	public void reset(boolean resetting) {
		this.resetting = resetting;
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				Socket server = connect(client);
				client.setTcpNoDelay(true);
				server.setTcpNoDelay(true);
				this.sockets.add(client);
				this.sockets.add(server);
				thread(() -> forward(client, server));
				LinkedBlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
				thread(() -> receive(server, client, replies));
				thread(() -> deliver(server, client, replies));
			}
			catch (IOException ex) {
				// The server is down, or the proxy closed
				if (this.listener.isClosed()) {
					return;
				}
			}
		}
	}

	private Socket connect(Socket client) throws IOException {
		try {
			return new Socket(InetAddress.getLoopbackAddress(), this.target);
		}
		catch (IOException ex) {
			client.close();
			throw ex;
		}
	}

	private void forward(Socket client, Socket server) {
		byte[] buffer = new byte[65536];
		try (InputStream in = client.getInputStream(); OutputStream out = server.getOutputStream()) {
			int count;
			while ((count = in.read(buffer)) >= 0) {
				out.write(buffer, 0, count);
				out.flush();
			}
		}
		catch (IOException ex) {
			// One of them has gone
		}
		drop(client, server);
	}

	private void receive(Socket server, Socket client, LinkedBlockingQueue<Reply> replies) {
		byte[] buffer = new byte[65536];
		try (InputStream in = server.getInputStream()) {
			int count;
			while ((count = in.read(buffer)) >= 0) {
				byte[] bytes = new byte[count];
				System.arraycopy(buffer, 0, bytes, 0, count);
				replies.add(new Reply(bytes, System.nanoTime() + this.delayMillis * 1_000_000));
			}
		}
		catch (IOException ex) {
			// One of them has gone
		}
		replies.add(new Reply(new byte[0], 0));
	}

	private void deliver(Socket server, Socket client, LinkedBlockingQueue<Reply> replies) {
		try (OutputStream out = client.getOutputStream()) {
			while (true) {
				Reply reply = replies.take();
				if (reply.bytes().length == 0) {
					break;
				}
				long wait = reply.due() - System.nanoTime();
				if (wait > 0) {
					Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
				}
				if (this.resetting) {
					out.write(reply.bytes(), 0, reply.bytes().length / 2);
					out.flush();
					client.setSoLinger(true, 0);
					break;
				}
				out.write(reply.bytes());
				out.flush();
			}
		}
		catch (IOException | InterruptedException ex) {
			// One of them has gone
		}
		drop(client, server);
	}

	private void drop(Socket... gone) {
		for (Socket socket : gone) {
			this.sockets.remove(socket);
			try {
				socket.close();
			}
			catch (IOException ex) {
				// It is gone anyway
			}
		}
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
		drop(this.sockets.toArray(Socket[]::new));
	}

	private record Reply(byte[] bytes, long due) {

	}

}
