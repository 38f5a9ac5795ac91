package io.tokensaving.samples.gateway.admin;

import io.tokensaving.dashboard.DashboardAccess;
import io.tokensaving.dashboard.DashboardAccess.DeniedException;
import io.tokensaving.dashboard.DashboardAccess.Viewer;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.core.Authentication;

/**
 * Who sees the dashboard of token saving: administrators, in the workspaces that they
 * manage, with what their role lets them do at the management API.
 */
@Configuration(proxyBeanMethods = false)
class DashboardConfiguration {

	@Bean
	DashboardAccess dashboardAccess() {
		return (request) -> {
			if (!(request.user() instanceof Authentication user)
					|| !(user.getPrincipal() instanceof AdminPrincipal administrator)) {
				throw new DeniedException("Only administrators may see this page", request.user() != null);
			}
			boolean writes = administrator.role().compareTo(AdminRole.OPERATOR) >= 0;
			return administrator.managesAll() ? new Viewer(administrator.name(), writes, writes, null, null)
					: new Viewer(administrator.name(), writes, writes,
							administrator.workspaces().stream().sorted().findFirst().orElseThrow(),
							administrator::manages);
		};
	}

}
