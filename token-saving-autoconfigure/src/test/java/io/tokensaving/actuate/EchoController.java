package io.tokensaving.actuate;

import java.util.Map;

import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * A controller of an application, below a path that looks like that of the endpoint.
 */
@RestController
class EchoController {

	@PostMapping({ "/echo", "/application/tokensaving/**" })
	Map<String, Object> echo(@RequestBody Map<String, Object> body) {
		return body;
	}

}
