package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * Tomcat's HTTP/1.1 of which it can be asked whether a client is still there, while a
 * request of it is being worked on. Tomcat creates it by its name.
 */
public final class WatchedHttpProtocol extends Http11NioProtocol {

	@Override
	protected Processor createProcessor() {
		return new Connection(this);
	}

	/**
	 * Find the connection of a request.
	 * @param request the request
	 * @return the connection, or {@code null} if it is one of another protocol
	 */
	static @Nullable Connection connection(Request request) {
		return (request.getNote(Connection.NOTE) instanceof Connection connection) ? connection : null;
	}

	/**
	 * A connection. To be used by one thread at a time.
	 */
	static final class Connection extends Http11Processor {

		// Tomcat leaves numbers from 17 to others
		private static final int NOTE = 20;

		private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

		Connection(AbstractHttp11Protocol<?> protocol) {
			super(protocol, protocol.getAdapter());
			getRequest().setNote(NOTE, this);
		}

		/**
		 * Whether the client has closed the connection. What it has sent instead, such as
		 * its next request, stays in the buffer of the socket; the buffer of the request
		 * must not be touched, as Tomcat keeps the beginning of the next one there.
		 * @return whether it has
		 */
		boolean isGone() {
			SocketWrapperBase<?> socket = getSocketWrapper();
			if (socket == null) {
				return false;
			}
			try {
				socket.read(false, NOTHING.duplicate());
				return false;
			}
			catch (IOException ex) {
				return true;
			}
		}

	}

}
