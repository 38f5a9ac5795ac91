/**
 * The page that shows savings, plans and risks, and the JSON that it reads. An
 * application may replace {@link io.tokensaving.dashboard.DashboardAccess}; other types
 * are internal.
 */
@NullMarked
package io.tokensaving.dashboard;

import org.jspecify.annotations.NullMarked;
