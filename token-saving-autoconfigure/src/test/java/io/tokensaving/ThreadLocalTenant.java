package io.tokensaving;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;

/**
 * A thread-local that Micrometer's context propagation knows of until it is closed.
 */
public final class ThreadLocalTenant implements ThreadLocalAccessor<String>, AutoCloseable {

	private final ThreadLocal<String> tenant = new ThreadLocal<>();

	private ThreadLocalTenant() {
	}

	public static ThreadLocalTenant register() {
		ThreadLocalTenant tenant = new ThreadLocalTenant();
		ContextRegistry.getInstance().registerThreadLocalAccessor(tenant);
		return tenant;
	}

	@Override
	public Object key() {
		return ThreadLocalTenant.class.getName();
	}

	@Override
	public String getValue() {
		return this.tenant.get();
	}

	@Override
	public void setValue(String value) {
		this.tenant.set(value);
	}

	@Override
	public void setValue() {
		this.tenant.remove();
	}

	@Override
	public void close() {
		this.tenant.remove();
		ContextRegistry.getInstance().removeThreadLocalAccessor(key());
	}

}
