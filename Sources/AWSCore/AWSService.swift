/// What is particular to one AWS service: its names in endpoints, signatures, settings and messages.
package struct AWSService: Sendable, Hashable {
    /// How a service's requests and errors look on the wire.
    package enum WireProtocol: Sendable, Hashable {
        /// One POST for each call, `X-Amz-Target` and JSON both ways.
        case json(version: String, targetPrefix: String)
        case restJSON
        case restXML
        /// Form POST, XML answer.
        case query(version: String)
    }

    /// For messages: `DynamoDB`.
    package var name: String
    /// First label of the host: `dynamodb` in `dynamodb.us-east-1.amazonaws.com`.
    package var endpointPrefix: String
    /// The service in the signature's scope.
    package var signingName: String
    /// AWS's service id in upper snake case, for `AWS_ENDPOINT_URL_<this>`; in lower case the key in `[services …]`.
    package var settingsName: String
    package var wireProtocol: WireProtocol

    package static let applicationAutoScaling = AWSService(
        name: "Application Auto Scaling",
        endpointPrefix: "application-autoscaling",
        signingName: "application-autoscaling",
        settingsName: "APPLICATION_AUTO_SCALING",
        wireProtocol: .json(version: "1.1", targetPrefix: "AnyScaleFrontendService.")
    )
    package static let dynamoDB = AWSService(
        name: "DynamoDB",
        endpointPrefix: "dynamodb",
        signingName: "dynamodb",
        settingsName: "DYNAMODB",
        wireProtocol: .json(version: "1.0", targetPrefix: "DynamoDB_20120810.")
    )
    package static let eventBridge = AWSService(
        name: "EventBridge",
        endpointPrefix: "events",
        signingName: "events",
        settingsName: "EVENTBRIDGE",
        wireProtocol: .json(version: "1.1", targetPrefix: "AWSEvents.")
    )
    package static let kms = AWSService(
        name: "KMS",
        endpointPrefix: "kms",
        signingName: "kms",
        settingsName: "KMS",
        wireProtocol: .json(version: "1.1", targetPrefix: "TrentService.")
    )
    package static let lambda = AWSService(
        name: "Lambda",
        endpointPrefix: "lambda",
        signingName: "lambda",
        settingsName: "LAMBDA",
        wireProtocol: .restJSON
    )
    package static let s3 = AWSService(
        name: "S3",
        endpointPrefix: "s3",
        signingName: "s3",
        settingsName: "S3",
        wireProtocol: .restXML
    )
    package static let sqs = AWSService(
        name: "SQS",
        endpointPrefix: "sqs",
        signingName: "sqs",
        settingsName: "SQS",
        wireProtocol: .json(version: "1.0", targetPrefix: "AmazonSQS.")
    )
    package static let stepFunctions = AWSService(
        name: "Step Functions",
        endpointPrefix: "states",
        signingName: "states",
        settingsName: "SFN",
        wireProtocol: .json(version: "1.0", targetPrefix: "AWSStepFunctions.")
    )
    package static let sts = AWSService(
        name: "STS",
        endpointPrefix: "sts",
        signingName: "sts",
        settingsName: "STS",
        wireProtocol: .query(version: "2011-06-15")
    )
}
